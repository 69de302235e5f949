"""analyze: a restored database has no statistics, and every query plan would be a guess."""

from __future__ import annotations

import time

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.database_settings import quote_name
from dbops.domain.servers.program_words import program_words
from dbops.domain.servers.words import NOT_REPEATED, repeatable
from dbops.domain.sql.relation_pattern import RelationPattern
from dbops.errors import DatabaseError, RestoreFailed
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.processes.guard import ERRORS_LINES
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.programs import Program
from dbops.gateways.server.sessions import changing

_REMEDY = "Nothing live was touched; the server's log says more."


def analyze(vacuumdb: Program, address: DatabaseAddress, jobs: int, schema: str | None = None) -> float:
    """ANALYZE every table, or those of one ``schema``, over ``jobs`` connections; returns the seconds it took.

    The partitioned ones follow over one: vacuumdb before version 19 leaves them out, autovacuum never looks at them,
    and the planner guesses at their rows as a whole. Raises RestoreFailed.
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
            f"ANALYZE of the restored database failed (status {status}): {program_words(said) or 'no reason'}.", _REMEDY
        )
    try:
        _analyze_partitioned(address, schema)
    except DatabaseError as error:
        raise RestoreFailed(f"ANALYZE of partitioned tables failed: {error.what}", _REMEDY) from None
    return time.monotonic() - began


def _analyze_partitioned(address: DatabaseAddress, schema: str | None) -> None:
    with changing(address) as session:
        for found in session.execute(text(catalog_sql("partitioned_tables")), {"schema": schema}).all():
            table = f"{quote_name(found.schema)}.{quote_name(found.name)}"
            only = "ONLY " if found.alone else ""
            try:
                session.exec_driver_sql(f"ANALYZE {only}{table}".replace("%", "%%"))
            except DBAPIError as error:
                if error.connection_invalidated or error.orig is None:
                    raise
                raise RestoreFailed(
                    f"ANALYZE of the partitioned table {found.schema}.{found.name} failed: {_told(error.orig)}.",
                    _REMEDY,
                ) from None


def _told(error: BaseException) -> str:
    """What the server said, where it is known to quote no row: an index may call a function, which may say anything."""
    diagnosis = getattr(error, "diag", None)
    context = getattr(diagnosis, "context", None) or ""
    return repeatable(getattr(diagnosis, "message_primary", None) or "", context.splitlines()) or NOT_REPEATED
