"""Promise: a mark that people were told silences the one problem that it is about, and is read back as it was kept."""

from __future__ import annotations

import json

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.watch.problem import ProblemKind, key_of
from dbops.domain.watch.told_backup import ToldBackup
from tests.unit.samples import NOW

TOLD = ToldBackup(backup_id=BackupId("20261122T020000Z"), moment=NOW)


def test_it_is_about_the_size_of_that_backup_of_that_target_alone() -> None:
    assert TOLD.key_of("shop") == key_of("shop", ProblemKind.SHRUNK, "20261122T020000Z")


def test_what_was_kept_is_read_back_as_it_was() -> None:
    assert ToldBackup.from_json(TOLD.to_json()) == TOLD
    assert json.loads(TOLD.to_json())["format"] == 1


@pytest.mark.parametrize("body", [b"", b"{}", TOLD.to_json().replace(b'"format": 1', b'"format": 2')])
def test_what_is_no_such_mark_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ToldBackup.from_json(body)
