"""Promise: what starts is named by when, in UTC and to the second; a backup's name is one of these, and says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.words.start_id import StartId

STARTED = datetime(2026, 11, 22, 3, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))


def test_it_is_written_and_read_back() -> None:
    assert StartId.at(STARTED) == "20261122T020000Z"
    assert StartId("20261122T020000Z").time == datetime(2026, 11, 22, 2, tzinfo=UTC)


def test_what_is_none_is_named_by_what_was_looked_for() -> None:
    with pytest.raises(ValueError, match="'yesterday' is not the id of a run; one looks like 20261122T020000Z"):
        StartId("yesterday")
    with pytest.raises(ValueError, match="'yesterday' is not a backup id; one looks like 20261122T020000Z"):
        BackupId("yesterday")


def test_a_backups_stays_one() -> None:
    assert type(BackupId.at(STARTED)) is BackupId
    assert type(StartId.at(STARTED)) is StartId
    assert BackupId.at(STARTED) == StartId.at(STARTED)
