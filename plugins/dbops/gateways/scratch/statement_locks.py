"""Statement locks: what a migration locks, seen while each of its statements runs on the scratch database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg2
from sqlalchemy import text

from dbops.domain.ledger.migration import Migration
from dbops.domain.migrations.planned import TakenLock
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.statements import SqlStatement
from dbops.domain.sql.whole_statements import whole_statements
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.scratch.scratch_session import refused, scratch_session
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 60_000
# From weak to strong, by how much of an application waits.
_STRENGTH = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
_READS = "AccessShareLock"  # every query takes it, and it stands in nobody's way but a DROP's
_CONCURRENTLY = "ShareUpdateExclusiveLock"
_Table = tuple[str, str]


@dataclass(frozen=True)
class TableSize:
    """What a table takes on disk with all that is its own, and about how many rows it has."""

    bytes: int
    rows: int


def read_table_sizes(address: DatabaseAddress) -> dict[_Table, TableSize]:
    """The sizes of a live database's tables, out of its catalog; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        rows = session.execute(text(catalog_sql("table_sizes"))).all()
    return {(row.schema, row.name): TableSize(row.bytes, row.rows) for row in rows}


def taken_locks(
    address: DatabaseAddress, migration: Migration, sizes: Mapping[_Table, TableSize]
) -> tuple[TakenLock, ...]:
    """Run a migration on a scratch database, which keeps what it does, and tell the locks of each of its statements.

    Told are those on tables that were there before, each table's strongest of a statement where it is stronger than
    those of the statements before it, or where the statement writes the table anew: all are held to the migration's
    end. A lock on an index is one on its table.
    Mere reading is left out. ``sizes`` are the live database's. Raises ReplayFailed and ServerFailed.
    """
    with scratch_session(address) as connection:
        found = _alone(connection, migration) if migration.concurrently else _in_transaction(connection, migration)
    nothing = TableSize(0, 0)
    return tuple(
        TakenLock(
            line=statement.line,
            statement=statement.sql,
            table=table,
            mode=mode,
            bytes=sizes.get(table, nothing).bytes,
            rows=sizes.get(table, nothing).rows,
            rewrites=rewrites,
        )
        for statement, table, mode, rewrites in found
    )


_Found = list[tuple[SqlStatement, _Table, str, bool]]


def _in_transaction(connection: Any, migration: Migration) -> _Found:
    found: _Found = []
    connection.autocommit = False
    with connection.cursor() as cursor:
        tables = _relations(cursor)
        files = _files(cursor, tables)
        connection.commit()
        held: dict[_Table, int] = {}
        for statement in whole_statements(migration.sql):
            _execute(connection, cursor, migration, statement)
            cursor.execute(catalog_sql("locks_held"))
            locks = cursor.fetchall()
            now = _strongest(tables, locks)
            moved = _moved(files, _files(cursor, [oid for oid, mode in locks if mode == _STRENGTH[-1]]))
            files |= moved
            # A TRUNCATE gives a table another file as well, and nothing is written into that.
            rewritten = set() if statement.keyword(0) == "TRUNCATE" else {tables[oid] for oid in moved}
            for table, strength in sorted(now.items()):
                if strength > held.get(table, _STRENGTH.index(_READS)) or table in rewritten:
                    found.append((statement, table, _STRENGTH[strength], table in rewritten))
                    held[table] = strength
        try:
            connection.commit()
        except psycopg2.Error as error:  # a deferred constraint
            raise refused(migration.name, "migration.sql", None, error) from None
    return found


def _strongest(tables: Mapping[int, _Table], locks: Iterable[tuple[int, str]]) -> dict[_Table, int]:
    found: dict[_Table, int] = {}
    for oid, mode in locks:
        if oid in tables and mode in _STRENGTH:  # not those of serializable transactions
            found[tables[oid]] = max(found.get(tables[oid], 0), _STRENGTH.index(mode))
    return found


def _alone(connection: Any, migration: Migration) -> _Found:
    """CREATE and DROP INDEX CONCURRENTLY commit in between, so their locks are told by what the manual says."""
    (statement,) = whole_statements(migration.sql)
    with connection.cursor() as cursor:
        before = _relations(cursor)
        _execute(connection, cursor, migration, statement)
        after = _relations(cursor)
    tables = {table for oid, table in {**before, **after}.items() if (oid in before) != (oid in after)}
    return [(statement, table, _CONCURRENTLY, False) for table in sorted(tables)]


def _files(cursor: Any, oids: Iterable[int]) -> dict[int, int]:
    cursor.execute(catalog_sql("table_files"), (list(oids),))
    return dict(cursor.fetchall())


def _moved(before: Mapping[int, int], now: Mapping[int, int]) -> dict[int, int]:
    return {oid: file for oid, file in now.items() if before.get(oid, file) != file}


def _relations(cursor: Any) -> dict[int, _Table]:
    cursor.execute(catalog_sql("relations_of_tables"))
    return {oid: (schema, name) for oid, schema, name in cursor.fetchall()}


def _execute(connection: Any, cursor: Any, migration: Migration, statement: SqlStatement) -> None:
    try:
        cursor.execute(statement.sql)
    except psycopg2.Error as error:
        if connection.closed:
            raise
        raise refused(migration.name, "migration.sql", statement.line, error) from None
