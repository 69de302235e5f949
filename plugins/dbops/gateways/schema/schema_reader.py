"""Reads a live schema out of the catalog: a few statements, whatever the number of tables. Read-only."""

from __future__ import annotations

from sqlalchemy import text

from dbops.domain.schema.baseline import OBJECT_KINDS, ObjectKind, SchemaBaseline, baseline_of
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 300_000


def read_schema(address: DatabaseAddress) -> SchemaBaseline:
    """The live schema, tables sorted by name and columns as they stand; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        found = {kind: session.execute(text(query)).scalars().all() for kind, query in signature_queries().items()}
    return baseline_of(found)


def signature_queries() -> dict[ObjectKind, str]:
    """By kind of object the query that writes the signatures, one a row in column ``sig``; each begins with SELECT.

    The session's search_path must be pg_catalog's alone, as it is unless somebody changes it: with another one
    PostgreSQL leaves schemas out of the definitions.
    """
    return {kind: _bare(catalog_sql(f"signature_{kind}")) for kind in OBJECT_KINDS}


def _bare(query: str) -> str:
    """The text from its SELECT on, without the comment above."""
    lines = query.splitlines()
    while lines and (lines[0].startswith("--") or not lines[0].strip()):
        del lines[0]
    return "\n".join(lines)
