"""Database: what we ask a target's PostgreSQL server before we work on it. Read-only, and bounded in time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from dbops.domain.backups.lacks import Lacks
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.recovery_conflict import ConflictCounts
from dbops.domain.servers.replica_lag import ReplicaLag
from dbops.errors import DatabaseError
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import reading
from dbops.gateways.server.system_identifier import read_system_identifier

_STATEMENT_TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class DatabaseFacts:
    """What a backup notes about the server; ``lsn`` and ``system_identifier`` are None where it does not tell."""

    database: str
    server_version: str
    server_major: int
    encoding: str
    database_bytes: int
    is_replica: bool
    reads_role_passwords: bool
    extensions: tuple[str, ...]
    lsn: str | None
    system_identifier: str | None


@dataclass(frozen=True)
class DumpedRelation:
    """A table or sequence that pg_dump would read; ``hides_rows`` where row-level security would hide some.

    What ``is_unlogged`` never reaches a replica.
    """

    schema: str
    name: str
    is_sequence: bool
    is_unlogged: bool
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

    def facts(self) -> DatabaseFacts:
        """The server's version, the database's size and extensions, and where its write-ahead log stands."""
        with self._session() as session:
            row = session.execute(text(catalog_sql("backup_facts"))).mappings().one()
        return DatabaseFacts(
            **{**row, "extensions": tuple(row["extensions"])},
            lsn=self._lsn(),
            system_identifier=read_system_identifier(self._address),
        )

    def _lsn(self) -> str | None:
        try:
            with self._session() as session:
                lsn: str | None = session.execute(text(catalog_sql("wal_position"))).scalar_one()
        except DatabaseError:
            return None
        return lsn

    def replica_lag(self) -> ReplicaLag:
        """How far a replica is behind its primary; some managed servers do not tell."""
        try:
            with self._session() as session:
                row = session.execute(text(catalog_sql("replica_lag"))).one()
        except DatabaseError:
            return ReplicaLag(receives=True)
        age = None if row.age_seconds is None else timedelta(seconds=row.age_seconds)
        return ReplicaLag(
            receives=row.receives, behind_bytes=row.behind_bytes, newest_change=row.newest_change, age=age
        )

    def recovery_conflicts(self) -> ConflictCounts:
        """How many sessions a replica has ended in this database to go on replaying."""
        with self._session() as session:
            row = session.execute(text(catalog_sql("recovery_conflicts"))).mappings().one()
        return ConflictCounts(**row)

    def oid(self) -> int:
        """The oid of the database that the address leads to."""
        with self._session() as session:
            query = "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"
            return int(session.execute(text(query)).scalar_one())

    def has_data_checksums(self) -> bool:
        """Whether the server notices a page that its disk has damaged."""
        with self._session() as session:
            return bool(session.execute(text("SELECT current_setting('data_checksums') = 'on'")).scalar_one())

    def dumped_relations(self) -> list[DumpedRelation]:
        """The tables and sequences that pg_dump would read."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("dumped_relations"))).mappings()
            return [DumpedRelation(**row) for row in rows]

    def unreadable_relations(self) -> list[str]:
        """The tables and sequences that this role may not read, by name."""
        return [f"{each.schema}.{each.name}" for each in self.dumped_relations() if not each.readable]

    def unreadable_large_objects(self) -> list[int]:
        """The oids of the large objects that this role may not read."""
        with self._session() as session:
            return list(session.execute(text(catalog_sql("unreadable_large_objects"))).scalars())

    def lacks(self) -> Lacks:
        """What a backup by this role would not have although it may read every table."""
        with self._session() as session:
            rows = session.execute(text(catalog_sql("superuser_only"))).all()
        return Lacks(
            subscriptions=tuple(row.name for row in rows if row.kind == "subscription"),
            user_mappings=tuple((row.role, row.name) for row in rows if row.kind == "user mapping"),
        )

    def schema_facts(self) -> SchemaFacts:
        """The schemas and extensions there are, and whether this role may create another schema."""
        with self._session() as session:
            row = session.execute(text(catalog_sql("schema_facts"))).one()
        extensions = dict(zip(row.extensions, row.extension_schemas, strict=True))
        return SchemaFacts(row.server_major, row.is_replica, row.may_create, frozenset(row.schemas), extensions)

    def _session(self) -> AbstractContextManager[Connection]:
        return reading(self._address, timeout_ms=_STATEMENT_TIMEOUT_MS)
