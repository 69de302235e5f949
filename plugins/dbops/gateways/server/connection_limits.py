"""Asks a server how many connections it, our database and our role may have, and how many there are."""

from __future__ import annotations

from typing import Any

from dbops.domain.servers.connection_limits import ConnectionLimits
from dbops.gateways.files.sql_files import catalog_sql


def read_connection_limits(cursor: Any) -> ConnectionLimits:
    """What the server says now, through a cursor of psycopg2; raises psycopg2.Error."""
    cursor.execute(catalog_sql("connection_limits"))
    names = [column.name for column in cursor.description]
    return ConnectionLimits(**dict(zip(names, cursor.fetchone(), strict=True)))
