"""Promise: pg_dump waits for the store before the spool is full, and never for bytes that only wait for pg_dump."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.options.backup import BackupOptions
from dbops.errors import StoreTooSlow
from dbops.gateways.archive.back_pressure import BackPressure

MIB = 1024**2
OPTIONS = BackupOptions.model_validate({"spool_cap": "100MiB", "max_stall": "10m"})


class Paused:
    """What BackPressure uses of a dump."""

    def __init__(self) -> None:
        self.paused, self.paused_for = False, 0.0

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


@pytest.fixture
def dump() -> Any:
    return Paused()


def test_it_pauses_before_the_cap_and_goes_on_only_when_there_is_room_again(dump: Any) -> None:
    pressure = BackPressure(dump, OPTIONS)
    for held, paused in ((70, False), (71, True), (60, True), (51, True), (50, False), (60, False)):
        pressure.look(held * MIB, 0)
        assert dump.paused is paused, held


def test_what_only_waits_for_pg_dump_is_no_reason_to_wait_for_the_store(dump: Any) -> None:
    pressure = BackPressure(dump, OPTIONS)
    pressure.look(90 * MIB, 90 * MIB)
    assert not dump.paused
    pressure.look(90 * MIB, 89 * MIB)
    assert dump.paused
    pressure.look(90 * MIB, 90 * MIB)
    assert not dump.paused


def test_a_store_that_takes_nothing_for_too_long_ends_the_backup(dump: Any) -> None:
    pressure = BackPressure(dump, OPTIONS)
    dump.paused_for = timedelta(minutes=10).total_seconds()
    pressure.look(80 * MIB, 0)
    dump.paused_for += 1
    with pytest.raises(StoreTooSlow, match=r"for 10m while 80\.0 MiB waited in the spool") as raised:
        pressure.look(80 * MIB, 0)
    assert "backup.max_stall" in raised.value.remedy
