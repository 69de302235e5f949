"""RestoredDatabase: what is asked of a database that was just restored. Read-only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import psycopg2
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.connecting import engine

TableName = tuple[str, str]

_AT_ONCE = 200  # sequences asked by one statement: each is locked as long as that takes
_PARALLEL = "SET max_parallel_workers_per_gather = 4"
_QUERY_TIMEOUT = "SET statement_timeout = '6h'"


class RestoredDatabase:
    """Names are as the archive has them. With ``schema``, nothing outside of it is looked at. Raises DatabaseError."""

    def __init__(self, address: DatabaseAddress, schema: str | None = None) -> None:
        self._address, self._schema = address, schema
        self._engine = engine(address, poolclass=NullPool)

    def server_version(self) -> str:
        """As the server writes it, such as ``17.10``."""
        with self._session() as session:
            return str(session.execute(text("SHOW server_version")).scalar_one())

    def tables(self) -> dict[TableName, int]:
        """The oids of the tables that may hold rows, largest first."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("restored_relations"))).all()
            latin = _is_read_as_latin1(session)
        found = {(_as_in_archive(row.schema, latin), _as_in_archive(row.name, latin)): row.oid for row in rows}
        return {name: oid for name, oid in found.items() if self._is_within(name[0])}

    def partitions(self) -> dict[TableName, TableName]:
        """The partitions that may hold rows, each with the topmost table that it is one of."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("partition_roots"))).all()
            latin = _is_read_as_latin1(session)
        named = [tuple(_as_in_archive(name, latin) for name in row) for row in rows]
        return {(schema, name): (root_schema, root) for schema, name, root_schema, root in named}

    def count(self, oids: Sequence[int], connections: int) -> list[int]:
        """The exact rows of each table, its children's not among them; over several connections at once.

        Tables may be thousands: each connection asks one after another, in a transaction each.
        """
        at_once = max(1, connections)
        kept = engine(self._address, pool_size=at_once, max_overflow=0)
        try:
            with ThreadPoolExecutor(at_once, "count") as counters:
                return list(counters.map(partial(self._count, kept), oids))
        finally:
            kept.dispose()  # what is connected hinders a swap

    def _count(self, kept: Engine, oid: int) -> int:
        with self._session(kept) as session:
            name = session.execute(text("SELECT cast(cast(:oid AS oid) AS regclass)::text"), {"oid": oid}).scalar_one()
            query = f"SELECT count(*) FROM ONLY {name}"  # noqa: S608 - regclass quotes
            return int(session.exec_driver_sql(query.replace("%", "%%")).scalar_one())

    def broken_indexes(self) -> list[TableName]:
        """Indexes whose build failed."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("broken_objects"))).all()
        return [(row.schema, row.name) for row in rows if self._is_within(row.schema)]

    def rows_changed(self) -> dict[TableName, int]:
        """In which tables how many rows were changed or deleted since they were loaded, as far as the server counts."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("rows_changed"))).all()
        return {(row.schema, row.name): row.rows for row in rows}

    def extensions(self) -> dict[str, str]:
        """Versions by name."""
        with self._session() as session:
            return {row.extname: row.extversion for row in session.execute(text("SELECT * FROM pg_extension"))}

    def large_objects(self) -> int:
        """How many there are."""
        with self._session() as session:
            return int(session.execute(text("SELECT count(*) FROM pg_largeobject_metadata")).scalar_one())

    def sequences(self, wanted: Collection[TableName]) -> dict[TableName, tuple[int, bool]]:
        """Where each of those sequences stands that are there: its last value, and whether that was given already."""
        with self._session() as session:
            latin = _is_read_as_latin1(session)
            rows = session.execute(text(catalog_sql("restored_sequences"))).all()
        there = {(_as_in_archive(row.schema, latin), _as_in_archive(row.name, latin)): row.sequence_sql for row in rows}
        names = [name for name in wanted if name in there]
        found = {}
        for start in range(0, len(names), _AT_ONCE):
            asked = names[start : start + _AT_ONCE]
            query = " UNION ALL ".join(
                f"SELECT {number} AS number, last_value, is_called FROM {there[name]}"  # noqa: S608 - format() quotes
                for number, name in enumerate(asked)
            )
            with self._session() as session:
                for row in session.exec_driver_sql(query.replace("%", "%%")):
                    found[asked[row.number]] = (row.last_value, row.is_called)
        return found

    def sequences_behind(self) -> set[TableName]:
        """The sequences that fill a column of integers, and will give a value that it has already."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("owned_sequences"))).mappings().all()
            latin = _is_read_as_latin1(session)
            behind = [row for row in rows if self._is_within(row["schema"]) and _is_behind(session, **row)]
        return {(_as_in_archive(row["schema"], latin), _as_in_archive(row["name"], latin)) for row in behind}

    def _is_within(self, schema: str) -> bool:
        return self._schema is None or schema == self._schema

    @contextmanager
    def _session(self, kept: Engine | None = None) -> Iterator[Connection]:
        try:
            with (kept or self._engine).connect() as connection:
                for setting in (_QUERY_TIMEOUT, _PARALLEL, "SET row_security = off"):
                    connection.execute(text(setting))
                connection.execute(text("SET TRANSACTION READ ONLY"))
                yield connection
        except (DBAPIError, psycopg2.Error) as error:
            said = str(getattr(error, "orig", error)).strip().splitlines()
            reason = said[0] if said else "no reason was given"
            raise DatabaseError(
                f"The restored database {self._address.database} cannot be examined: {reason}."
            ) from None


def _is_read_as_latin1(session: Connection) -> bool:
    return bool(session.execute(text("SHOW server_encoding")).scalar_one() == "SQL_ASCII")


def _as_in_archive(name: str, latin: bool) -> str:
    return name.encode("latin-1").decode("utf-8", "backslashreplace") if latin else name


def _is_behind(
    session: Connection,
    *,
    table_sql: str,
    column_sql: str,
    sequence_sql: str,
    increment: int,
    cycles: bool,
    **_: str,
) -> bool:
    extreme = "max" if increment > 0 else "min"
    query = f"""SELECT s.last_value, s.is_called, (SELECT {extreme}({column_sql}) FROM {table_sql}) AS highest
                FROM {sequence_sql} s"""  # noqa: S608 - format() has quoted them
    row = session.exec_driver_sql(query.replace("%", "%%")).one()
    given = row.last_value if row.is_called else row.last_value - increment
    return bool(row.highest is not None and not cycles and (row.highest - given) * increment > 0)
