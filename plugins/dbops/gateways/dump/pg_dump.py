"""pg_dump and pg_dumpall: how they are called, and what their failures mean."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dbops.domain.archives.split_reading import TableName
from dbops.domain.options.backup import BackupOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.program_words import program_words
from dbops.domain.servers.recovery_conflict import conflict_remedy
from dbops.domain.servers.words import SERVERS_ERROR
from dbops.domain.sql.relation_pattern import RelationPattern
from dbops.domain.words.quantities import format_duration
from dbops.errors import DbopsError, DumpFailed
from dbops.gateways.dump.spool import spool_is_full
from dbops.gateways.processes.guard import inherited_environment
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.programs import Program
from dbops.gateways.processes.token_file import TokenFile

DUMP_LINES = 400
"""How many of a dump's last lines on stderr are kept: each of its connections may say the same three once more."""
_GLOBALS_TIMEOUT = 300
_SIGNALLED = 128
_FULL = "No space left on device"
_SILENCE = "it said nothing"


def pg_dump_options(options: BackupOptions, *, replica: bool) -> tuple[str, ...]:
    """The options that decide what is in the archive and how; the manifest keeps them.

    A ``replica`` has no rows of unlogged tables, and refuses who asks for them.
    """
    arguments = ["--format=directory", f"--jobs={options.jobs}", f"--compress=zstd:{options.zstd_level}"]
    if options.lock_wait_timeout is not None:
        arguments.append(f"--lock-wait-timeout={int(options.lock_wait_timeout.total_seconds() * 1000)}")
    schemas = [RelationPattern.of_schema(text) for text in options.exclude_schemas]
    tables = [RelationPattern.of_table(text) for text in options.exclude_tables]
    data = [RelationPattern.of_table(text) for text in options.exclude_table_data]
    arguments += [f"--exclude-schema={pattern.for_pg_dump()}" for pattern in schemas]
    arguments += [f"--exclude-table={pattern.for_pg_dump()}" for pattern in tables]
    arguments += [f"--exclude-table-data={pattern.for_pg_dump()}" for pattern in data]
    arguments += ["--no-unlogged-table-data"] if replica else []
    return tuple(arguments)


def start_pg_dump(
    program: Program, address: DatabaseAddress, folder: Path, options: BackupOptions, *, replica: bool
) -> GuardedProcess:
    """Start writing the archive into ``folder``, new or empty; credentials go by environment, not by arguments."""
    command = pg_dump_command(program, address, folder, options, replica=replica)
    return GuardedProcess(command, address.libpq_environment(), lines=DUMP_LINES, token=address.token)


def pg_dump_command(
    program: Program,
    address: DatabaseAddress,
    folder: Path,
    options: BackupOptions,
    *,
    replica: bool,
    snapshot: str | None = None,
    without_rows_of: Sequence[TableName] = (),
) -> list[str]:
    """The command that writes the archive into ``folder``; it sees the database as of ``snapshot`` where one is shared.

    The folder is given up after the upload, so nothing in it is synced to its disk.
    """
    command = [str(program.path), *pg_dump_options(options, replica=replica), "--no-sync", "--no-password"]
    command += [f"--dbname={address.program_database()}", f"--file={folder}"]
    command += [f"--snapshot={snapshot}"] if snapshot else []
    command += [f"--exclude-table-data={RelationPattern.for_one_table(*table)}" for table in without_rows_of]
    return command


@dataclass(frozen=True)
class GlobalsDump:
    """The roles and tablespaces, as SQL, and what pg_dumpall wrote on stderr beside it."""

    sql: bytes
    said: str


@contextmanager
def globals_dump(program: Program, address: DatabaseAddress, *, passwords: bool) -> Iterator[Callable[[], GlobalsDump]]:
    """Begin to dump the roles, their memberships and settings, and the tablespaces; passwords where ``passwords``.

    What it gives waits for them, and raises DumpFailed. At the end the program is ended, whatever it waits for.
    """
    command = [str(program.sibling("pg_dumpall")), "--globals-only", "--no-password"]
    command += [] if passwords else ["--no-role-passwords"]
    command.append(f"--database={address.program_database()}")  # of what --dbname says, it would ignore the database
    with ThreadPoolExecutor(1, "globals") as beside:
        token = TokenFile(address.token)
        try:
            dumpall = subprocess.Popen(
                command,
                env={**inherited_environment(), **address.libpq_environment(), **token.environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=token.descriptors,
                process_group=0,
            )
        except OSError as error:
            token.close()
            raise _globals_failed(error) from None
        said = beside.submit(_heard, dumpall, token)
        try:
            yield lambda: _globals_of(dumpall, said)
        finally:
            if not said.done():
                _end(dumpall)


def _heard(dumpall: subprocess.Popen[bytes], token: TokenFile) -> tuple[bytes, bytes]:
    """All that it says, when it has ended; until then its token is renewed."""
    with token:
        try:
            return dumpall.communicate(timeout=_GLOBALS_TIMEOUT)
        except subprocess.TimeoutExpired:
            _end(dumpall)
            dumpall.communicate()
            raise


def _end(dumpall: subprocess.Popen[bytes]) -> None:
    """And whatever it has started, which may hold its output open."""
    with suppress(ProcessLookupError):
        os.killpg(dumpall.pid, signal.SIGKILL)


def _globals_of(dumpall: subprocess.Popen[bytes], said: Future[tuple[bytes, bytes]]) -> GlobalsDump:
    try:
        out, err = said.result()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _globals_failed(error) from None
    heard = err.decode(errors="replace")
    if dumpall.returncode:
        told = program_words(heard) or _SILENCE
        raise DumpFailed(f"pg_dumpall --globals-only failed: {told}.", _GLOBALS_REMEDY)
    return GlobalsDump(out, heard)


def _globals_failed(error: Exception) -> DumpFailed:
    return DumpFailed(f"pg_dumpall could not be run: {type(error).__name__}.", _GLOBALS_REMEDY)


_GLOBALS_REMEDY = "If the server does not let the role read them, set backup.globals: false in the target's file."


def dump_failure(program: str, status: int, stderr: str, folder: Path) -> DbopsError:
    """What an unsuccessful end of a program that wrote into ``folder`` means, for people, without a row's value."""
    if any(_FULL in line and not SERVERS_ERROR.search(line) for line in stderr.splitlines()):
        return spool_is_full(folder)
    how = f"was ended by signal {status - _SIGNALLED}" if status > _SIGNALLED else f"failed with status {status}"
    told = program_words(stderr) or _SILENCE
    if (remedy := conflict_remedy(stderr)) is not None:
        return DumpFailed(f"The replica ended {program} to go on replaying what its primary did: {told}.", remedy)
    return DumpFailed(f"{program} {how}: {told}.", _remedy(stderr))


_CONNECTIONS_REMEDY = (
    "Lower backup.jobs: pg_dump takes one connection more than that, and psql takes some if a table is split. Or free "
    "connections on the server, or run the backup at a quieter time."
)


def _remedy(stderr: str) -> str:
    remedies = {
        "out of shared memory": "A dump holds a lock on every table, sequence and view until it ends, and the server "
        "has room for max_locks_per_transaction times max_connections locks: raise max_locks_per_transaction, which "
        "requires a restart of the server, or back up some schemas in a target of their own.",
        "LOCK TABLE": "Another session holds a lock on one of these tables, often a migration: let it finish and run "
        "the backup again, or raise backup.lock_wait_timeout.",
        # pg_dump says so of every LOCK of a worker that fails, whatever the reason.
        "could not obtain lock": "A migration of that table began to wait while the backup was running, and the backup "
        "does not queue behind it: let it finish and run the backup again, or keep the two apart. Or the server went "
        "away at that moment: its log says so.",
        "row-level security": "Give the role BYPASSRLS, or connect as the tables' owner.",
        "permission denied": "Grant the role pg_read_all_data, or leave those tables out in the target's file.",
        "too many": _CONNECTIONS_REMEDY,
        "connection slots": _CONNECTIONS_REMEDY,
        "compress": "Install a pg_dump that was built with zstd, as PGDG's packages are.",
    }
    for words, remedy in remedies.items():
        if words in stderr:
            return remedy
    return "The server's log says more. Nothing of this backup was kept; the next run starts from the beginning."


def table_took_too_long(table: str, options: BackupOptions) -> DumpFailed:
    """pg_dump switches the server's statement_timeout off, so that the limit on a table's COPY is ours to keep."""
    limit = format_duration(options.statement_timeout) if options.statement_timeout else "its limit"
    return DumpFailed(
        f"Reading table {table} took longer than backup.statement_timeout, {limit}.",
        "Raise backup.statement_timeout, or find out what slows down the server.",
    )


def fell_silent(tables: Collection[str], options: BackupOptions, *, has_begun: bool) -> DumpFailed:
    """Nothing came for so long that nothing will; ``tables`` are those that were being read."""
    beginning = "between two tables" if has_begun else "before it read the first table"
    at = f"while it read {', '.join(sorted(tables))}" if tables else beginning
    return DumpFailed(
        f"pg_dump has neither written nor done anything for {format_duration(options.max_silence)} {at}: the server "
        "does not answer, or the program was stopped; the backup was abandoned so that it does not wait forever.",
        "Check the server and the network to it, end any sessions of ours that are left there, and run the backup "
        "again. If the server needs that long to find a first row among dead ones, VACUUM that table or raise "
        "backup.max_silence.",
    )
