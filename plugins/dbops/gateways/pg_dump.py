"""pg_dump and pg_dumpall: how they are called, and what their failures mean."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from dbops.domain.backup_options import BackupOptions
from dbops.domain.connection import DatabaseAddress
from dbops.domain.quantities import format_duration
from dbops.domain.relation_pattern import RelationPattern
from dbops.domain.split_reading import TableName
from dbops.errors import DbopsError, DumpFailed
from dbops.gateways.guard import inherited_environment
from dbops.gateways.guarded_process import GuardedProcess
from dbops.gateways.programs import Program
from dbops.gateways.spool import spool_is_full

_GLOBALS_TIMEOUT = 300
_SIGNALLED = 128


def pg_dump_options(options: BackupOptions) -> tuple[str, ...]:
    """The options that decide what is in the archive and how; the manifest keeps them."""
    arguments = ["--format=directory", f"--jobs={options.jobs}", f"--compress=zstd:{options.zstd_level}"]
    if options.lock_wait_timeout is not None:
        arguments.append(f"--lock-wait-timeout={int(options.lock_wait_timeout.total_seconds() * 1000)}")
    schemas = [RelationPattern.of_schema(text) for text in options.exclude_schemas]
    tables = [RelationPattern.of_table(text) for text in options.exclude_tables]
    data = [RelationPattern.of_table(text) for text in options.exclude_table_data]
    arguments += [f"--exclude-schema={pattern.for_pg_dump()}" for pattern in schemas]
    arguments += [f"--exclude-table={pattern.for_pg_dump()}" for pattern in tables]
    arguments += [f"--exclude-table-data={pattern.for_pg_dump()}" for pattern in data]
    return tuple(arguments)


def start_pg_dump(program: Program, address: DatabaseAddress, folder: Path, options: BackupOptions) -> GuardedProcess:
    """Start writing the archive into ``folder``, new or empty; credentials go by environment, not by arguments."""
    return GuardedProcess(pg_dump_command(program, folder, options), address.libpq_environment())


def pg_dump_command(
    program: Program,
    folder: Path,
    options: BackupOptions,
    *,
    snapshot: str | None = None,
    without_rows_of: Sequence[TableName] = (),
) -> list[str]:
    """The command that writes the archive into ``folder``; it sees the database as of ``snapshot`` where one is shared.

    The folder is given up after the upload, so nothing in it is synced to its disk.
    """
    command = [str(program.path), *pg_dump_options(options), "--no-sync", "--no-password", f"--file={folder}"]
    command += [f"--snapshot={snapshot}"] if snapshot else []
    command += [f"--exclude-table-data={RelationPattern.for_one_table(*table)}" for table in without_rows_of]
    return command


def dump_globals(program: Program, address: DatabaseAddress, *, passwords: bool) -> bytes:
    """The roles, their memberships and settings, and the tablespaces, as SQL; their passwords where ``passwords``."""
    command = [str(program.sibling("pg_dumpall")), "--globals-only", "--no-password"]
    command += [] if passwords else ["--no-role-passwords"]
    environment = {**inherited_environment(), **address.libpq_environment()}
    # As a connection string: a bare name that looks like one would be taken for one.
    database = environment["PGDATABASE"].replace("\\", "\\\\").replace("'", "\\'")
    command.append(f"--database=dbname='{database}'")
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=_GLOBALS_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DumpFailed(f"pg_dumpall could not be run: {type(error).__name__}.", _GLOBALS_REMEDY) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise DumpFailed(f"pg_dumpall --globals-only failed: {said}.", _GLOBALS_REMEDY)
    return done.stdout


_GLOBALS_REMEDY = "Where the server does not let the role read them, set backup.globals: false in the target's file."


def dump_failure(program: str, status: int, stderr: str, folder: Path) -> DbopsError:
    """What an unsuccessful end of a program that wrote into ``folder`` means, for people."""
    if "No space left on device" in stderr:
        return spool_is_full(folder)
    how = f"was ended by signal {status - _SIGNALLED}" if status > _SIGNALLED else f"failed with status {status}"
    return DumpFailed(f"{program} {how}: {stderr or 'it said nothing'}.", _remedy(stderr))


def _remedy(stderr: str) -> str:
    remedies = {
        "out of shared memory": "A dump holds a lock on every table, sequence and view until it ends, and the server "
        "has room for max_locks_per_transaction times max_connections locks: raise the first, which takes a restart "
        "of the server, or back up some schemas in a target of their own.",
        "LOCK TABLE": "Another session holds a lock on one of these tables, often a migration: let it finish and run "
        "the backup again, or raise backup.lock_wait_timeout.",
        # pg_dump says so of every LOCK of a worker that fails, whatever the reason.
        "could not obtain lock": "A migration of that table began to wait while the backup was running, and nothing "
        "gets in line behind it: let it finish and run the backup again, or keep the two apart. Or the server went "
        "away at that moment: its log says so.",
        "row-level security": "Give the role BYPASSRLS, or connect as the tables' owner.",
        "permission denied": "Grant the role pg_read_all_data, or leave those tables out in the target's file.",
        "compress": "Install a pg_dump that was built with zstd, as PGDG's packages are.",
    }
    for words, remedy in remedies.items():
        if words in stderr:
            return remedy
    return "The server's log says more. Nothing was kept of this backup; the next run starts anew."


def table_took_too_long(table: str, options: BackupOptions) -> DumpFailed:
    """pg_dump switches the server's statement_timeout off, so that the limit on a table's COPY is ours to keep."""
    limit = format_duration(options.statement_timeout) if options.statement_timeout else "its limit"
    return DumpFailed(
        f"Reading table {table} took longer than backup.statement_timeout, {limit}.",
        "Raise backup.statement_timeout, or find out what slows the server down.",
    )
