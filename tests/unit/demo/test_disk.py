from __future__ import annotations

from pathlib import Path

import pytest

from demo.disk import explain_if_full, require_space
from demo.errors import DemoError


def test_a_disk_with_room_is_good_enough_also_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    require_space(tmp_path / "not" / "yet", needed=1)


def test_a_full_disk_is_a_sentence_that_says_how_much_is_needed(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"GB free, and the demo needs 1000000000\.0 GB: make room"):
        require_space(tmp_path, needed=10**18)


def test_a_failure_on_a_full_disk_is_explained_by_it(tmp_path: Path) -> None:
    assert explain_if_full(tmp_path / "not" / "yet", full=10**18).startswith(f"The disk that holds {tmp_path} is full")


def test_a_failure_on_a_disk_with_room_is_not(tmp_path: Path) -> None:
    assert explain_if_full(tmp_path, full=1) == ""
