"""The names of a server's roles, as its catalog has them for everybody. Read-only."""

from __future__ import annotations

from sqlalchemy import text

from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 60_000


def read_role_names(address: DatabaseAddress) -> tuple[str, ...]:
    """All but PostgreSQL's own; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        return tuple(session.execute(text(catalog_sql("role_names"))).scalars())
