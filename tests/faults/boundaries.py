"""Boundaries: the moments of a job at which something outside of it changes, and a death at one of them.

They are the writes to the bucket, the statements that change something on a server, what is passed on to psql, the
starts of PostgreSQL's programs, and the heartbeats. Between two of them a kill -9 leaves the world the same, whenever
it comes: so a process that dies at each of them, just before it, has died everywhere.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
from botocore.client import BaseClient

from dbops.gateways.alerting import heartbeat
from dbops.gateways.processes.guard import Guard
from dbops.gateways.schema.schema_copy import _Relay

_WRITES = {"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"}
_WRITES |= {"DeleteObject"}
_BELOW_ARE_ONLY_RETRIES = "_make_api_call"
_CHANGES = re.compile(
    r"\s*(?:--[^\n]*\n\s*)*(ALTER|ANALYZE|COMMENT|COMMIT|CREATE|DELETE|DROP|GRANT|INSERT|REVOKE|UPDATE|VACUUM)\b"
    r"[^\n;]*",
    re.IGNORECASE,
)
_WORDS = 5
_AROUND = {"BEGIN;", "COMMIT;"}
# What differs from one run to the next.
_MOMENTS = re.compile(
    r"\d{14}_[0-9a-f]{4}|\d{8}T\d{6}(?:\.\d+)?Z|\d{8}_\d{6}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,}|test-[0-9a-f]+"
)


class Boundaries:
    """Lets this process die at the first boundary that is not in ``passed``, whose name it leaves in the file ``told``.

    A boundary's name is what is about to be done, and the how manieth time. One that matches ``spared`` is none.
    """

    def __init__(self, passed: Sequence[str], told: Path, spared: str = "") -> None:
        self._passed, self._told = set(passed), told
        self._spared = re.compile(spared) if spared else None
        self._seen: Counter[str] = Counter()
        self._lock = threading.RLock()

    def reach(self, what: str) -> None:
        """Something is about to change."""
        with self._lock:  # no other thread gets further while this one dies
            name = _MOMENTS.sub("*", what)
            self._seen[name] += 1
            boundary = f"{name} #{self._seen[name]}"
            if self._spared is not None and self._spared.match(boundary):
                return
            if boundary not in self._passed:
                self._told.write_text(boundary, encoding="utf-8")
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """From now on every change of this process is a boundary."""
        self._watch_bucket()
        self._watch_sessions()
        self._watch_programs()
        self._watch_scripts()
        self._watch_heartbeats()

    def _watch_bucket(self) -> None:
        real: Callable[..., Any] = getattr(BaseClient, _BELOW_ARE_ONLY_RETRIES)
        boundaries = self

        def call(client: BaseClient, operation: str, asked: dict[str, Any]) -> Any:
            if operation in _WRITES:
                part = f" {asked['PartNumber']}" if "PartNumber" in asked else ""
                boundaries.reach(f"{operation}{part} {asked['Key']}")
            return real(client, operation, asked)

        setattr(BaseClient, _BELOW_ARE_ONLY_RETRIES, call)

    def _watch_sessions(self) -> None:
        boundaries = self

        class Cursor(psycopg2.extensions.cursor):
            def execute(self, query: Any, *arguments: Any) -> Any:
                text = query if isinstance(query, str) else _as_text(query, self)
                is_scratch = self.connection.info.dbname.startswith("dbops_drill_")  # it goes with its database
                if not is_scratch and (change := _CHANGES.match(text)):
                    boundaries.reach(" ".join(change[0][change.start(1) :].split()[:_WORDS]))
                return super().execute(query, *arguments)

        class Session(psycopg2.extensions.connection):
            def __init__(self, *given: Any, **named: Any) -> None:
                super().__init__(*given, **named)
                self.cursor_factory = Cursor

        real = psycopg2.connect

        def connect(*given: Any, **named: Any) -> Any:
            return real(*given, **{"connection_factory": Session, **named})

        psycopg2.connect = connect

    def _watch_programs(self) -> None:
        start, boundaries = Guard.start, self

        def starting(guard: Guard, number: int) -> int:
            command = guard.commands[number]
            program = Path(command[command.index("--") + 1 if "--" in command else 0]).name  # behind setpriv
            boundaries.reach(f"start {program}")
            pid = start(guard, number)
            boundaries.reach(f"{program} has started")
            return pid

        Guard.start = starting  # type: ignore[assignment,method-assign]

    def _watch_scripts(self) -> None:
        write, boundaries = _Relay._write, self

        def writing(relay: _Relay, sink: int, block: bytes) -> None:
            command = block.decode(errors="replace").strip()
            boundaries.reach(f"pass on {command if command in _AROUND else 'rows'}")
            write(relay, sink, block)

        _Relay._write = writing  # type: ignore[assignment,method-assign]

    def _watch_heartbeats(self) -> None:
        ping, boundaries = heartbeat.ping, self

        def pinging(url: str) -> None:
            boundaries.reach("heartbeat")
            ping(url)

        heartbeat.ping = pinging


def _as_text(query: Any, cursor: Any) -> str:
    if isinstance(query, bytes):
        return query.decode(errors="replace")
    told: str = query.as_string(cursor)
    return told
