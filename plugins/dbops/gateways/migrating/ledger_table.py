"""The ledger's table: where it lies, and its rows, read from any session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, text

from dbops.domain.ledger.table import LEDGER, LedgerRow
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import in_sql, written
from dbops.errors import PreflightFailed
from dbops.gateways.files.sql_files import catalog_sql

_PUBLIC = "public"

_TEXTS = frozenset({"character varying", "text"})
_TIMES = frozenset({"timestamp with time zone"})
_COLUMNS = {
    "id": _TEXTS,
    "checksum": _TEXTS,
    "finished_at": _TIMES,
    "migration_name": _TEXTS,
    "logs": _TEXTS,
    "rolled_back_at": _TIMES,
    "started_at": _TIMES,
    "applied_steps_count": frozenset({"integer"}),
}


def ledger_place(address: DatabaseAddress) -> tuple[str, str]:
    """Its schema, which is the one that the connection names (Prisma's ``?schema=``) or public, and its name."""
    return address.search_schema or _PUBLIC, LEDGER


def ledger_name(address: DatabaseAddress) -> str:
    """The same for SQL."""
    return in_sql(*ledger_place(address))


def ledger_rows(session: Connection, address: DatabaseAddress) -> tuple[LedgerRow, ...] | None:
    """All of it by when each was begun; None where there is none. Raises PreflightFailed where something else is."""
    place = ledger_place(address)
    columns = session.execute(text(catalog_sql("ledger_columns")), {"schema": place[0]}).all()
    if not columns:
        return None
    _require_shape(columns, place)
    query = f"SELECT * FROM {ledger_name(address)}"  # noqa: S608 - it is quoted
    found = session.exec_driver_sql(query.replace("%", "%%")).mappings().all()
    rows = [
        LedgerRow(
            row_id=row["id"],
            checksum=row["checksum"],
            name=row["migration_name"],
            started=row["started_at"].astimezone(UTC),
            finished=row["finished_at"] and row["finished_at"].astimezone(UTC),
            rolled_back=row["rolled_back_at"] and row["rolled_back_at"].astimezone(UTC),
            steps=row["applied_steps_count"],
            logs=row["logs"],
        )
        for row in found
    ]
    return tuple(sorted(rows, key=lambda row: (row.started, row.name, row.row_id)))


def _require_shape(columns: Sequence[Row[Any]], place: tuple[str, str]) -> None:
    types = {column.name: column.type for column in columns}
    wrong = [] if columns[0].is_table else ["it is not a table"]
    for name, expected in _COLUMNS.items():
        if name not in types:
            wrong.append(f"it has no column {name}")
        elif types[name] not in expected:
            wrong.append(f"its column {name} is {types[name]} instead of {min(expected)}")
    wrong += [
        f"its column {column.name} is unknown to Prisma and must not be empty"
        for column in columns
        if column.name not in _COLUMNS and column.is_required
    ]
    if wrong:
        raise PreflightFailed(
            f"{written(*place)} is not the ledger that Prisma Migrate creates: {', '.join(wrong)}.",
            "Move it out of the way or correct it; nothing was touched.",
        )
