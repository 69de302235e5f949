"""Reads a cluster's system identifier, which initdb gives to it, and which its replicas have, too. Read-only."""

from __future__ import annotations

from sqlalchemy import text

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 60_000


def read_system_identifier(address: DatabaseAddress) -> str | None:
    """The identifier in digits; None where the server does not tell our role: nothing is decided by it."""
    try:
        with reading(address, timeout_ms=_TIMEOUT_MS) as session:
            return str(session.execute(text(catalog_sql("system_identifier"))).scalar_one())
    except DatabaseError:
        return None
