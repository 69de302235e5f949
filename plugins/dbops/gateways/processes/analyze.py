"""analyze: a restored database has no statistics, and every query plan would be a guess."""

from __future__ import annotations

import time

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.program_words import program_words
from dbops.domain.sql.relation_pattern import RelationPattern
from dbops.errors import RestoreFailed
from dbops.gateways.processes.guard import ERRORS_LINES
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.programs import Program


def analyze(vacuumdb: Program, address: DatabaseAddress, jobs: int, schema: str | None = None) -> float:
    """ANALYZE every table, or those of one ``schema``, over ``jobs`` connections; returns the seconds it took.

    Raises RestoreFailed.
    """
    began = time.monotonic()
    command = [str(vacuumdb.path), "--analyze-only", f"--jobs={jobs}", "--no-password"]
    command.append(f"--dbname={address.program_database()}")
    command += [] if schema is None else [f"--schema={RelationPattern.for_one_schema(schema)}"]
    with GuardedProcess(
        [*command, "--quiet"], address.libpq_environment(), lines=ERRORS_LINES, token=address.token
    ) as process:
        status = process.wait()
        said = process.stderr()
    if status:
        raise RestoreFailed(
            f"ANALYZE of the restored database failed (status {status}): {program_words(said) or 'no reason'}.",
            "Nothing live was touched; the server's log says more.",
        )
    return time.monotonic() - began
