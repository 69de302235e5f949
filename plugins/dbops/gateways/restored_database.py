"""RestoredDatabase: what is asked of a database that was just restored. Read-only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from dbops.domain.connection import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.sql_files import catalog_sql

TableName = tuple[str, str]

_PARALLEL = "SET max_parallel_workers_per_gather = 4"
_QUERY_TIMEOUT = "SET statement_timeout = '6h'"


@dataclass(frozen=True)
class SequenceState:
    """A sequence that fills a column: whether what it gives next is beyond ``highest``, the column's extreme value."""

    schema: str
    name: str
    last_value: int
    is_called: bool
    is_behind: bool


class RestoredDatabase:
    """Names are as the archive has them. With ``schema``, nothing outside of it is looked at. Raises DatabaseError."""

    def __init__(self, address: DatabaseAddress, schema: str | None = None) -> None:
        self._address, self._schema = address, schema
        self._engine = create_engine("postgresql+psycopg2://", creator=self._connect, poolclass=NullPool)

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
        kept = create_engine("postgresql+psycopg2://", creator=self._connect, pool_size=at_once, max_overflow=0)
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

    def extensions(self) -> dict[str, str]:
        """Versions by name."""
        with self._session() as session:
            return {row.extname: row.extversion for row in session.execute(text("SELECT * FROM pg_extension"))}

    def large_objects(self) -> int:
        """How many there are."""
        with self._session() as session:
            return int(session.execute(text("SELECT count(*) FROM pg_largeobject_metadata")).scalar_one())

    def sequences(self) -> list[SequenceState]:
        """The sequences that fill columns of integers."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("owned_sequences"))).mappings().all()
            return [_state(session, **row) for row in rows if self._is_within(row["schema"])]

    def _is_within(self, schema: str) -> bool:
        return self._schema is None or schema == self._schema

    @contextmanager
    def _session(self, engine: Engine | None = None) -> Iterator[Connection]:
        try:
            with (engine or self._engine).connect() as connection:
                for setting in (_QUERY_TIMEOUT, _PARALLEL, "SET row_security = off", "SET search_path = ''"):
                    connection.execute(text(setting))
                connection.execute(text("SET TRANSACTION READ ONLY"))
                yield connection
        except (DBAPIError, psycopg2.Error) as error:
            said = str(getattr(error, "orig", error)).strip().splitlines()
            reason = said[0] if said else "no reason was given"
            raise DatabaseError(
                f"The restored database {self._address.database} cannot be examined: {reason}."
            ) from None

    def _connect(self) -> Any:
        connection = psycopg2.connect(**self._address.libpq_parameters())
        if connection.encoding in {"SQLASCII", "SQL_ASCII"}:
            connection.set_client_encoding("LATIN1")
        return connection


def _is_read_as_latin1(session: Connection) -> bool:
    return bool(session.execute(text("SHOW server_encoding")).scalar_one() == "SQL_ASCII")


def _as_in_archive(name: str, latin: bool) -> str:
    return name.encode("latin-1").decode("utf-8", "backslashreplace") if latin else name


def _state(
    session: Connection,
    *,
    schema: str,
    name: str,
    table_sql: str,
    column_sql: str,
    sequence_sql: str,
    increment: int,
    cycles: bool,
) -> SequenceState:
    extreme = "max" if increment > 0 else "min"
    query = f"""SELECT s.last_value, s.is_called, (SELECT {extreme}({column_sql}) FROM {table_sql}) AS highest
                FROM {sequence_sql} s"""  # noqa: S608 - format() has quoted them
    row = session.exec_driver_sql(query.replace("%", "%%")).one()
    given = row.last_value if row.is_called else row.last_value - increment
    behind = row.highest is not None and not cycles and (row.highest - given) * increment > 0
    return SequenceState(schema, name, row.last_value, row.is_called, behind)
