"""include/retired.yaml: whose file went on purpose, said where it is reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbops.domain.fault import Fault
from dbops.gateways.files.retired_files import RetiredFile, read_retired


def retired(include: Path, text: str, named: tuple[str, ...] = ()) -> RetiredFile:
    (include / "retired.yaml").write_text(text)
    return read_retired(include, named)


def test_a_line_for_each_says_why(tmp_path: Path) -> None:
    read = retired(tmp_path, "# gone\nshop: replaced by store, 2026-11-27\nblog: given up\n")
    assert read == RetiredFile(frozenset({"shop", "blog"}))


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n"])
def test_without_the_file_or_a_line_in_it_nothing_is_retired(tmp_path: Path, text: str | None) -> None:
    assert (read_retired(tmp_path, ()) if text is None else retired(tmp_path, text)) == RetiredFile()


def test_a_file_that_cannot_be_read_is_a_fault_and_nobody_knows_what_is_retired(tmp_path: Path) -> None:
    read = retired(tmp_path, "- shop\n")
    assert read.names is None
    assert [fault.path for fault in read.faults] == ["retired.yaml"]
    (tmp_path / "retired.yaml").unlink()
    (tmp_path / "retired.yaml").mkdir()
    assert read_retired(tmp_path, ()).names is None


def test_a_retired_target_that_has_a_file_is_a_fault_or_its_loss_would_not_be_missed(tmp_path: Path) -> None:
    read = retired(tmp_path, "blog: given up\nshop: replaced\n", ("shop",))
    assert read.faults == (Fault("retired.yaml", 2, "shop has a file in targets/; remove this line, or that file"),)


@pytest.mark.parametrize("text", ["shop:\n", "shop: 2026\n", "shop: ' '\n", "shop: [a]\n"])
def test_a_line_that_does_not_say_why_is_a_fault_and_counts(tmp_path: Path, text: str) -> None:
    read = retired(tmp_path, text)
    assert read.names == frozenset({"shop"})
    assert read.faults == (Fault("retired.yaml", 1, "shop needs a few words behind it: why it went, and when"),)
