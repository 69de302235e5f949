"""Reads what the planner knows of every table out of the catalog. Read-only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import text

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.table_statistics import ColumnStatistics, TableStatistics
from dbops.domain.sql.object_names import TableName
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 60_000


def read_statistics(address: DatabaseAddress) -> Mapping[TableName, TableStatistics]:
    """By name every table's statistics; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        rows = session.execute(text(catalog_sql("table_statistics"))).mappings().all()
        listed = session.execute(text(catalog_sql("column_statistics"))).mappings().all()
    columns: dict[TableName, dict[str, ColumnStatistics]] = defaultdict(dict)
    for row in listed:
        columns[row["schema"], row["name"]][row["column"]] = ColumnStatistics(
            distinct=row["n_distinct"], most_common=row["most_common"] or 0.0, width=row["width"]
        )
    return {
        (row["schema"], row["name"]): TableStatistics(
            rows=row["rows"],
            changed=row["changed"],
            analyzed=row["analyzed"],
            ago=None if row["seconds_ago"] is None else timedelta(seconds=row["seconds_ago"]),
            columns=columns.get((row["schema"], row["name"]), {}),
        )
        for row in rows
    }
