"""Reads what the planner knows of every table out of the catalog. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import text

from dbops.domain.checks import TableName
from dbops.domain.connection import DatabaseAddress
from dbops.domain.table_statistics import TableStatistics
from dbops.gateways.sessions import reading
from dbops.gateways.sql_files import catalog_sql

_TIMEOUT_MS = 60_000


def read_statistics(address: DatabaseAddress) -> Mapping[TableName, TableStatistics]:
    """By name every table's statistics; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        rows = session.execute(text(catalog_sql("table_statistics"))).mappings().all()
    return {
        (row["schema"], row["name"]): TableStatistics(
            rows=row["rows"],
            changed=row["changed"],
            analyzed=row["analyzed"],
            ago=None if row["seconds_ago"] is None else timedelta(seconds=row["seconds_ago"]),
        )
        for row in rows
    }
