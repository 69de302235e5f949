"""Database: what we ask a target's PostgreSQL server before we work on it. Read-only, and bounded in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from dbops.domain.connection import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.sql_files import catalog_sql

_STATEMENT_TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class DatabaseFacts:
    """What a backup notes about the server; ``lsn`` is None where the server does not tell."""

    database: str
    server_version: str
    server_major: int
    encoding: str
    database_bytes: int
    is_replica: bool
    reads_role_passwords: bool
    extensions: tuple[str, ...]
    lsn: str | None


@dataclass(frozen=True)
class DumpedRelation:
    """A table or sequence that pg_dump would read; ``hides_rows`` where row-level security would hide some."""

    schema: str
    name: str
    is_sequence: bool
    bytes: int
    readable: bool
    has_plain_pages: bool
    hides_rows: bool


@dataclass(frozen=True)
class SchemaFacts:
    """What decides whether a schema can come into this database; ``extensions`` are by name, each with its schema."""

    server_major: int
    is_replica: bool
    may_create: bool
    schemas: frozenset[str]
    extensions: Mapping[str, str]


class Database:
    """One database, reached afresh for every question; raises DatabaseError, never repeating a password."""

    def __init__(self, address: DatabaseAddress) -> None:
        self._address = address
        self._engine = create_engine("postgresql+psycopg2://", creator=self._connect, poolclass=NullPool)

    def facts(self) -> DatabaseFacts:
        """The server's version, the database's size and extensions, and where its write-ahead log stands."""
        with self._session() as session:
            row = session.execute(text(catalog_sql("backup_facts"))).mappings().one()
        return DatabaseFacts(**{**row, "extensions": tuple(row["extensions"])}, lsn=self._lsn())

    def _lsn(self) -> str | None:
        try:
            with self._session() as session:
                lsn: str | None = session.execute(text(catalog_sql("wal_position"))).scalar_one()
        except DatabaseError:
            return None
        return lsn

    def dumped_relations(self) -> list[DumpedRelation]:
        """The tables and sequences that pg_dump would read."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("dumped_relations"))).mappings()
            return [DumpedRelation(**row) for row in rows]

    def unreadable_large_objects(self) -> list[int]:
        """The oids of the large objects that this role may not read."""
        with self._session() as session:
            return list(session.execute(text(catalog_sql("unreadable_large_objects"))).scalars())

    def schema_facts(self) -> SchemaFacts:
        """The schemas and extensions there are, and whether this role may create another schema."""
        with self._session() as session:
            row = session.execute(text(catalog_sql("schema_facts"))).one()
        extensions = dict(zip(row.extensions, row.extension_schemas, strict=True))
        return SchemaFacts(row.server_major, row.is_replica, row.may_create, frozenset(row.schemas), extensions)

    @contextmanager
    def _session(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection.execute(text(f"SET statement_timeout = {_STATEMENT_TIMEOUT_MS}"))
                connection.execute(text("SET TRANSACTION READ ONLY"))
                yield connection
        except psycopg2.Error as error:
            raise _unreachable(str(error), self._address) from None
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(error.orig, psycopg2.OperationalError):
                raise _unreachable(str(error.orig), self._address) from None
            raise DatabaseError(
                f"The server of database {self._address.database} refused a query of the catalog: "
                f"{_first_line(str(error.orig))}."
            ) from None

    def _connect(self) -> Any:
        connection = psycopg2.connect(**self._address.libpq_parameters())
        if connection.encoding in {"SQLASCII", "SQL_ASCII"}:  # the driver would refuse every name beyond ASCII
            connection.set_client_encoding("LATIN1")
        return connection


def _unreachable(said: str, address: DatabaseAddress) -> DatabaseError:
    where = f"{address.host or 'the local socket'}:{address.port or 5432}"
    return DatabaseError(
        f"The database {address.database} at {where} cannot be used: {_first_line(said)}.", _remedy(said)
    )


def _first_line(said: str) -> str:
    lines = [line.strip() for line in said.strip().splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else "no reason was given"


def _remedy(said: str) -> str:
    remedies = {
        "password authentication failed": "Correct the user or the password of the connection.",
        "no password supplied": "Give the connection a password.",
        "does not exist": "Correct the database or the user of the connection.",
        "Connection refused": "Start the server, or correct host and port of the connection.",
        "could not translate host name": "Correct the host of the connection, or the worker's name resolution.",
        "certificate": "Check sslmode and sslrootcert of the connection.",
        "SSL": "Check sslmode of the connection and whether the server offers TLS.",
        "no pg_hba.conf entry": "Allow this worker and user in the server's pg_hba.conf.",
        "too many": "Free connections on the server, or run the job at a quieter time.",
        "timeout": "Check that the server is up and reachable from the worker.",
    }
    return next((remedy for words, remedy in remedies.items() if words in said), "Check the connection and the server.")
