"""What a restore's plan shows of the live database's rows: asked within a budget of time, estimated beyond it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from dbops.domain.restores.live_facts import LiveTable, TableName
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import Begin, reading, readings

_CATALOG_TIMEOUT_MS = 60_000
_TABLE_SECONDS = 10.0


def read_live_tables(
    address: DatabaseAddress, time_columns: Mapping[str, str], since: datetime, *, budget: float = 60.0
) -> dict[TableName, LiveTable]:
    """Every table's rows, and by its time column the newest row and how many came after ``since``.

    ``time_columns`` are by ``schema.table`` or ``table``. Smallest tables first; once ``budget`` seconds are over, or
    where a table may not be read or takes too long, its rows are an estimate. Raises DatabaseError.
    """
    with reading(address, timeout_ms=_CATALOG_TIMEOUT_MS) as session:
        tables = session.execute(text(catalog_sql("live_tables"))).mappings().all()
    deadline = time.monotonic() + budget
    found: dict[TableName, LiveTable] = {}
    with readings(address) as begin:
        for row in tables:
            column = time_columns.get(f"{row['schema']}.{row['name']}") or time_columns.get(row["name"])
            left = min(_TABLE_SECONDS, deadline - time.monotonic())
            estimate = LiveTable(int(row["estimate"]), exact=False)
            found[row["schema"], row["name"]] = _counted(begin, row, column, since, left) or estimate
    return found


def _counted(
    begin: Begin, table: Mapping[Any, Any], column: str | None, since: datetime, seconds: float
) -> LiveTable | None:
    if seconds <= 0:
        return None
    try:
        with begin(max(1, int(seconds * 1000))) as session:
            session.execute(text("SET LOCAL lock_timeout = '1s'"))  # a migration's lock is not worth waiting behind
            session.execute(text("SET LOCAL timezone = 'UTC'"))
            session.execute(text("SET LOCAL row_security = off"))  # refuses instead of counting some of the rows
            time_column = None
            if column is not None:
                asked = {"oid": table["oid"], "column": column}
                time_column = session.execute(text(catalog_sql("time_column")), asked).scalar_one_or_none()
            if time_column is None:
                query = f"SELECT count(*), NULL, NULL FROM ONLY {table['table_sql']}"  # noqa: S608 - format() quotes
            else:
                moment = f"'{since.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00'::timestamptz"
                query = (
                    f"SELECT count(*), max({time_column})::text, count(*) FILTER (WHERE {time_column} > {moment}) "  # noqa: S608
                    f"FROM ONLY {table['table_sql']}"
                )
            rows, newest, newer = session.exec_driver_sql(query.replace("%", "%%")).one()
    except DatabaseError:
        return None
    return LiveTable(int(rows), exact=True, newest=newest, since=newer)
