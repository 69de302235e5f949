"""The schema of a database, as pg_dump describes it: a table of contents without rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.relation_pattern import RelationPattern
from dbops.errors import RestoreFailed
from dbops.gateways.archive.toc import read_toc
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.programs import Program

_LOCK_WAIT = "60s"


def dump_schema(pg_dump: Program, address: DatabaseAddress, schema: str | None = None) -> list[TocEntry]:
    """The entries of an archive of all schemas, or of one ``schema``; raises RestoreFailed with pg_dump's words.

    It waits a minute at most for a table that is locked, by a migration for example.
    """
    with tempfile.TemporaryDirectory(prefix="dbops-schema-") as place:
        folder = Path(place) / "archive"
        command = [str(pg_dump.path), "--format=directory", "--schema-only", "--no-sync", "--no-password"]
        command += [f"--lock-wait-timeout={_LOCK_WAIT}", *([] if schema is None else only_schema(schema))]
        command += [f"--dbname={address.program_database()}", f"--file={folder}"]
        with GuardedProcess(command, address.libpq_environment(), token=address.token) as process:
            status = process.wait()
            said = process.stderr()
        if status:
            raise RestoreFailed(
                f"pg_dump could not read the schema of {address.database} (status {status}): {said or 'no reason'}.",
                "Its role must be able to read every table there; a table that was locked may be free by now.",
            )
        return read_toc(folder / "toc.dat")


def only_schema(schema: str) -> list[str]:
    """The options that let pg_dump see one schema; an argument is UTF-8, whatever encoding the database has."""
    encoding = [] if schema.isascii() else ["--encoding=UTF8"]
    return [f"--schema={RelationPattern.for_one_schema(schema)}", *encoding]
