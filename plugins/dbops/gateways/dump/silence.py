"""Silence: a dump that neither writes nor computes for too long only waits for a server that will not answer."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import timedelta

from dbops.domain.options.backup import BackupOptions
from dbops.gateways.dump.dump import Dump
from dbops.gateways.dump.pg_dump import fell_silent


class Silence:
    """Of one dump, which is to be looked at some times a second; one that is paused waits for the store instead."""

    def __init__(self, dump: Dump, options: BackupOptions) -> None:
        self._dump, self._options = dump, options
        self._since = time.monotonic()
        self._signs = (0, 0)

    def look(self, written: int, tables: Collection[str]) -> None:
        """Raise DumpFailed where it has lasted ``max_silence``.

        ``written`` are all bytes that ever came into the spool, ``tables`` those that are being read.
        """
        signs = (written, self._dump.work())
        if signs != self._signs or self._dump.paused_for or self._dump.status() is not None:
            self._signs, self._since = signs, time.monotonic()
        # Before the first byte it waits for the locks of all tables: that is bounded by a time of its own.
        waits = timedelta() if written else self._options.lock_wait_timeout or timedelta()
        if time.monotonic() - self._since > (self._options.max_silence + waits).total_seconds():
            raise fell_silent(tables, self._options, has_begun=written > 0)
