"""Reads which collations were made for another version of the operating system's locales. Read-only."""

from __future__ import annotations

from sqlalchemy import Connection, text

from dbops.domain.schema.collation_versions import OldCollation
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 60_000
_DATABASES_SINCE = 150000


def read_old_collations(address: DatabaseAddress) -> list[OldCollation]:
    """What the database sorts by, and its collations, where their versions differ; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        row = session.execute(
            text("SELECT current_database()::text AS name, current_setting('server_version_num')::int AS version")
        ).one()
        queries = ["database_collation_version"] if row.version >= _DATABASES_SINCE else []
        return [
            OldCollation(
                database=row.name,
                collation=None if one.name is None else (one.schema, one.name),
                recorded=one.recorded,
                actual=one.actual,
                indexes=_indexes(session, one.oid),
            )
            for query in (*queries, "collation_versions")
            for one in session.execute(text(catalog_sql(query))).all()
        ]


def _indexes(session: Connection, collation: int) -> tuple[tuple[str, str, str], ...]:
    rows = session.execute(text(catalog_sql("collated_indexes")), {"collation": collation}).all()
    return tuple((row.schema, row.table_name, row.name) for row in rows)
