"""copy_schema: one schema from one database into another, all of it or nothing, without lying on a disk in between.

pg_dump writes an SQL script into a named pipe, psql runs another one, and the bytes pass through us, because what is
between BEGIN and COMMIT must be whole: COMMIT is sent after pg_dump has ended well, and by nobody else. Whoever is
killed, psql finds the end of a script without it, and the server takes everything back.
"""

from __future__ import annotations

import errno
import os
import re
import select
import time
from collections.abc import Callable
from pathlib import Path

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.program_words import program_words
from dbops.domain.servers.words import NOT_REPEATED, SERVERS_ERROR, reads_rows, repeatable
from dbops.errors import RestoreFailed
from dbops.gateways.dump.spool import Spool
from dbops.gateways.processes.guard import ERRORS_LINES
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.pipe_size import enlarge
from dbops.gateways.processes.programs import Program
from dbops.gateways.schema.schema_dump import only_schema

_BLOCK = 1024 * 1024
_HEAD = 4096  # where pg_dump's settings of its session are
_POLL_MS = 200
_POLL = 0.01
_PROGRESS_EVERY = 5.0
_SIGNALLED = 128
_SETTING = b"SET transaction_timeout = 0;\n"
_RESTRICTION = re.compile(rb"(?:--[^\n]*\n|\n)*\\restrict \w+\n")
_KNOWN_FROM = 17  # the first version that writes and knows it
_SESSION = "-c maintenance_work_mem=256MB -c statement_timeout=0 -c lock_timeout=0"
_STATEMENT = re.compile(r"^psql:.*?: STATEMENT:  (.*)$")
_MISSING = re.compile(
    r'^(?:schema|type|relation|function|procedure|operator|collation|server|foreign-data wrapper|language|text search '
    r"\w+|access method|operator class|operator family|tablespace) .* does not exist"
)  # fmt: skip


def copy_schema(
    pg_dump: Program,
    psql: Program,
    source: DatabaseAddress,
    live: DatabaseAddress,
    schema: str,
    *,
    live_major: int,
    owners: bool,
    target: str,
    directory: Path | None,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> int:
    """Copy it in one transaction and return the bytes of the script; ``on_bytes`` hears them every few seconds.

    Without ``owners``, owners and grants are left out. Raises RestoreFailed; then the live database is what it was.
    """
    drops = live_major < _KNOWN_FROM <= pg_dump.major
    with Spool(directory, f"{target}-schema") as spool:
        dumped, script = spool.path / "dumped", spool.path / "script"
        for pipe in (dumped, script):
            os.mkfifo(pipe, 0o600)
        environment = live.libpq_environment()
        environment["PGOPTIONS"] = f"{environment.get('PGOPTIONS', '')} {_SESSION}".strip()
        with (
            GuardedProcess(
                _dump_command(pg_dump, source, dumped, schema, owners=owners),
                source.libpq_environment(),
                lines=ERRORS_LINES,
                token=source.token,
            ) as dump,
            GuardedProcess(
                _load_command(psql, live, script), environment, lines=ERRORS_LINES, token=live.token
            ) as load,
        ):
            relay = _Relay(dump, load, on_bytes)
            try:
                return relay.run(dumped, script, drop=_SETTING if drops else b"")
            except _Ended:
                raise _failure(load, schema, committing=relay.committing) from None


def _dump_command(pg_dump: Program, source: DatabaseAddress, into: Path, schema: str, *, owners: bool) -> list[str]:
    command = [str(pg_dump.path), "--format=plain", "--no-password", *only_schema(schema), f"--file={into}"]
    command.append(f"--dbname={source.program_database()}")
    return command + ([] if owners else ["--no-owner", "--no-privileges"])


def _load_command(psql: Program, live: DatabaseAddress, script: Path) -> list[str]:
    # Details, contexts and the statement quote rows: none is repeated, but they tell whether the error may be.
    variables = [f"--set={setting}" for setting in ("ON_ERROR_STOP=1", "VERBOSITY=default", "SHOW_CONTEXT=errors")]
    return [str(psql.path), "--no-psqlrc", "--quiet", "--echo-errors", "--no-password", *variables,
            f"--dbname={live.program_database()}", f"--file={script}"]  # fmt: skip


def _checked(head: bytes, drop: bytes) -> bytes:
    """The beginning of a script without ``drop``; raises RestoreFailed where psql would obey more than SQL in it.

    What is copied came out of a bucket, and by a forged name a server can have pg_dump write lines for psql.
    """
    if not _RESTRICTION.match(head):
        raise RestoreFailed(
            "Scripts written by this pg_dump let psql execute whatever commands the backup contains.",
            "Update the worker's PostgreSQL programs: 14.19, 15.14, 16.10, 17.6 and newer versions prevent this.",
        )
    return head.replace(drop, b"", 1) if drop else head


class _Ended(Exception):
    """psql has ended before its script did."""


class _Relay:
    def __init__(self, dump: GuardedProcess, load: GuardedProcess, on_bytes: Callable[[int], None]) -> None:
        self._dump, self._load, self._on_bytes = dump, load, on_bytes
        self._passed = 0
        self._next_progress = time.monotonic() + _PROGRESS_EVERY
        self.committing = False

    def run(self, dumped: Path, script: Path, *, drop: bytes) -> int:
        source = os.open(dumped, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        sink = -1
        try:
            enlarge(source)
            sink = self._open(script)
            self._write(sink, b"BEGIN;\n")
            self._pass(source, sink, drop)
            self._require_whole_dump()
            self.committing = True
            self._write(sink, b"COMMIT;\n")
        finally:
            os.close(source)
            if sink >= 0:
                os.close(sink)
        if self._load.wait():
            raise _Ended
        return self._passed

    def _open(self, script: Path) -> int:
        """The end of the pipe to write to, when psql has opened the other one: it connects first."""
        while True:
            try:
                sink = os.open(script, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                if self._load.status() is not None:
                    raise _Ended from None
                time.sleep(_POLL)
            else:
                os.set_blocking(sink, True)
                enlarge(sink)
                return sink

    def _pass(self, source: int, sink: int, drop: bytes) -> None:
        head: bytes | None = b""
        while block := self._read(source):
            if head is not None:
                head += block
                if len(head) < _HEAD:
                    continue
                block, head = _checked(head, drop), None
            self._write(sink, block)
        if head:
            self._require_whole_dump()  # else its end is what is wrong with it
            self._write(sink, _checked(head, drop))

    def _read(self, source: int) -> bytes:
        """What there is; nothing at the end."""
        poll = select.poll()
        poll.register(source, select.POLLIN)
        while True:
            has_ended = self._dump.status() is not None  # asked before looking: what ended has written all
            if poll.poll(0 if has_ended else _POLL_MS) or has_ended:
                return os.read(source, _BLOCK)
            if self._load.status() is not None:
                raise _Ended

    def _write(self, sink: int, block: bytes) -> None:
        left = memoryview(block)
        try:
            while left:
                written = os.write(sink, left)
                left = left[written:]
                self._passed += written
        except BrokenPipeError:
            self._load.wait()
            raise _Ended from None
        if time.monotonic() >= self._next_progress:
            self._next_progress += _PROGRESS_EVERY
            self._on_bytes(self._passed)

    def _require_whole_dump(self) -> None:
        status = self._dump.wait()
        if status:
            how = f"was ended by signal {status - _SIGNALLED}" if status > _SIGNALLED else f"failed (status {status})"
            raise RestoreFailed(
                f"pg_dump of the throw-away server {how}: {program_words(self._dump.stderr()) or 'it said nothing'}.",
                "Nothing was committed in the live database; look at the worker's memory and disk, and try again.",
            )


def _failure(load: GuardedProcess, schema: str, *, committing: bool) -> RestoreFailed:
    status = load.wait()
    said = _server_words(load.stderr())
    if not said:
        how = f"was ended by signal {status - _SIGNALLED}" if status > _SIGNALLED else f"ended with status {status}"
        if not committing:
            return RestoreFailed(f"psql {how} while it loaded schema {schema}.", "Nothing was committed; try again.")
        return RestoreFailed(
            f"psql {how} while it committed schema {schema}.",
            "Check whether the schema is in the live database: it is there as a whole, or not at all.",
        )
    if _MISSING.match(said) and not said.startswith(f'schema "{schema}"'):
        return RestoreFailed(
            f"Schema {schema} needs what the live database lacks: {said}.",
            "Create it there first, as the backup's other schemas have it, or restore the schema beside.",
        )
    return RestoreFailed(f"The live database did not accept schema {schema}: {said}.", _remedy(said))


def _server_words(stderr: str) -> str:
    """The first error, without a function's words or values of rows; empty where the server said none."""
    lines = stderr.splitlines()
    for number, line in enumerate(lines):
        if match := SERVERS_ERROR.search(line):
            below = lines[number + 1 :]
            statement = next((found[1] for each in below if (found := _STATEMENT.match(each))), "")
            of_rows = "connection to server " not in line and reads_rows(statement)
            return repeatable(match[1], below, of_rows=of_rows) or NOT_REPEATED
    return ""


def _remedy(said: str) -> str:
    without_owners = "Restore it without owners and grants, or restore with a role that may set them."
    remedies = {
        "already exists": "Choose another name; dbops never overwrites anything.",
        "SET ROLE": without_owners,
        "must be member of role": without_owners,
        "must be owner of": without_owners,
        "set session authorization": without_owners,
        "change default privileges": without_owners,
        "role ": "Create the role (globals.sql of the backup has it), or restore without owners and grants.",
        "permission denied for database": "Grant the role CREATE on the live database.",
        "permission denied for language": "Only a superuser may create such functions: restore the schema beside.",
        "must be superuser": "Only a superuser may create that: restore the schema beside, and copy from there.",
        "No space left": "Free space on the database server, and restore again.",
        "server closed the connection": "Check the server's log, and restore again when it is up.",
        "read-only": "Name the primary server in the connection.",
    }
    found = (remedy for words, remedy in remedies.items() if words in said)
    return next(found, "Nothing was committed in the live database; the server's log says more.")
