"""BackPressure: keeps the spool below its cap, by letting pg_dump wait for the store."""

from __future__ import annotations

from dbops.domain.options.backup import BackupOptions
from dbops.domain.words.quantities import format_bytes, format_duration
from dbops.errors import StoreTooSlow
from dbops.gateways.dump.dump import Dump

_PAUSE_AT, _RESUME_AT = 0.7, 0.5


class BackPressure:
    """Pauses pg_dump when the spool is nearly full, resumes it when the store has taken enough."""

    def __init__(self, dump: Dump, options: BackupOptions) -> None:
        self._dump, self._options = dump, options

    def look(self, held: int, waiting: int) -> None:
        """Of the bytes ``held`` in the spool those ``waiting`` are until their part or page is full.

        These only move on when pg_dump goes on, so that they never justify a pause. Raises StoreTooSlow where pg_dump
        has been waiting for longer than it may.
        """
        cap = self._options.spool_cap
        if held > cap * _PAUSE_AT and held > waiting:
            self._dump.pause()
        elif held <= cap * _RESUME_AT or held <= waiting:
            self._dump.resume()
        if self._dump.paused_for > self._options.max_stall.total_seconds():
            raise StoreTooSlow(
                f"The store accepted nothing, or too little, for {format_duration(self._options.max_stall)} while "
                f"{format_bytes(held)} waited in the spool; the backup was abandoned so that its transaction does "
                "not stay open on the database.",
                "Check the network and the store; or set a larger backup.spool_cap or backup.max_stall.",
            )
