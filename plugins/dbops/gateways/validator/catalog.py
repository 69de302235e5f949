"""What the catalog says of the tables that have rules."""

from __future__ import annotations

from typing import Any

from dbops.domain.checks.checked_table import CheckedTable, ProvenParent
from dbops.domain.sql.object_names import TableName
from dbops.errors import DatabaseError
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.validator.server import Refused, Server


def read_tables(server: Server) -> dict[TableName, CheckedTable]:
    """Every table and view of the database by its name; raises DatabaseError."""
    try:
        with server.pinned():
            rows = server.ask(catalog_sql("checked_tables"))
    except Refused as refused:
        raise DatabaseError(
            f"The catalog of database {server.address.database} cannot be read: {refused}.", "Run it again."
        ) from None
    return {(schema, name): _table((schema, name), *row) for schema, name, *row in rows}


def _table(name: TableName, kind: str, primary_key: list[str], unique: list[list[str]], parents: Any) -> CheckedTable:
    return CheckedTable(
        name=name,
        kind=kind,
        primary_key=tuple(primary_key),
        unique_columns=tuple(frozenset(columns) for columns in unique),
        parents=tuple(
            ProvenParent(
                columns=tuple(one["columns"]),
                parent=(one["schema"], one["name"]),
                parent_columns=tuple(one["parent_columns"]),
            )
            for one in parents
        ),
    )
