"""DatabaseServer: a target's server, as a restore sees it - which databases there are, and one more of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from dbops.domain.archives.database_locale import DatabaseLocale, database_locale
from dbops.domain.restores.live_facts import ServerFacts, SessionGroup
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.database_settings import DatabaseSettings, Grant, Setting, quote_name
from dbops.errors import DatabaseError, PreflightFailed, RestoreFailed
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.restore_lock import RestoreLock
from dbops.gateways.server.sessions import changing, reading
from dbops.gateways.server.subscriptions import detach_subscriptions
from dbops.gateways.server.system_identifier import read_system_identifier

_TIMEOUT_MS = 60_000
_MAINTENANCE = ("postgres", "template1")
# What is said of a host, and not of one of its databases.
_IS_AWAY = re.compile(
    r"timeout expired|timed out|Connection refused|could not translate host name|No route to host|is unreachable"
)


@dataclass(frozen=True)
class KnownDatabase:
    """One database of the server; ``bytes`` None where our role may not ask. ``may_lie_beside`` as of a live one."""

    oid: int
    bytes: int | None
    tablespace: str
    may_rename: bool
    may_lie_beside: bool
    settings: DatabaseSettings


class DatabaseServer:
    """Everything is asked and done in a session of another database than ``live``. Raises DatabaseError."""

    def __init__(self, address: DatabaseAddress, live: str) -> None:
        self._address, self._live = address, live
        self._elsewhere = self._find_elsewhere()
        self._lock = RestoreLock(self._elsewhere, live)

    def _find_elsewhere(self) -> DatabaseAddress:
        """A database to be connected to while others are renamed and made."""
        refusal: DatabaseError | None = None
        for name in (self._address.database, *_MAINTENANCE):
            if name == self._live:
                continue
            address = replace(self._address, database=name)
            try:
                with reading(address, timeout_ms=_TIMEOUT_MS):
                    return address
            except DatabaseError as error:
                refusal = refusal or error
                if _IS_AWAY.search(error.what):
                    break  # no other name would change that, and each takes its time
        assert refusal is not None  # noqa: S101 - there were candidates
        raise refusal

    @property
    def elsewhere(self) -> DatabaseAddress:
        """A database of the server that is neither renamed nor restored."""
        return self._elsewhere

    def address(self, database: str) -> DatabaseAddress:
        """Another database of the same server, as the same role."""
        return replace(self._address, database=database)

    def facts(self) -> ServerFacts:
        """The server itself, and what our role may do there."""
        with self._reading() as session:
            row = session.execute(text(catalog_sql("server_facts"))).mappings().one()
        return ServerFacts(
            version=row["version"],
            role=row["role"],
            may_create_databases=row["may_create_databases"],
            is_superuser=row["is_superuser"],
            bypasses_rls=row["bypasses_rls"],
            roles=frozenset(row["roles"]),
            memberships=frozenset(row["memberships"]),
            extensions=frozenset(row["extensions"]),
            untrusted=frozenset(row["untrusted"]),
            is_managed=row["is_managed"],
            databases=frozenset(row["databases"]),
            templates=frozenset(row["templates"]),
            is_replica=row["is_replica"],
        )

    def system_identifier(self) -> str | None:
        """Which cluster it is; None where the server does not tell our role."""
        return read_system_identifier(self._elsewhere)

    def find(self, name: str) -> KnownDatabase | None:
        """The database of that name with what belongs to its name; None where there is none."""
        with self._reading() as session:
            row = session.execute(text(catalog_sql("database_of_name")), {"name": name}).mappings().one_or_none()
            if row is None:
                return None
            settings = DatabaseSettings(
                owner=row["owner"],
                comment=row["comment"],
                connection_limit=row["connection_limit"],
                settings=_settings(session, row["oid"]),
                grants=_grants(session, row["oid"]) if row["has_grants"] else None,
            )
        return KnownDatabase(
            row["oid"], row["bytes"], row["tablespace"], row["may_rename"], row["may_lie_beside"], settings
        )

    def oid_of(self, name: str) -> int | None:
        """The oid of the database of that name; None where there is none."""
        with self._reading() as session:
            query = text("SELECT oid::bigint FROM pg_database WHERE datname = :name")
            oid: int | None = session.execute(query, {"name": name}).scalar_one_or_none()
        return oid

    def versions_of(self, names: Sequence[str]) -> dict[str, str]:
        """What is another for a database after each change of its name or owner that was committed, and else the same.

        Of those of these names that are there: their oids, and the transactions that have written their rows.
        """
        with self._reading() as session:
            query = text(
                "SELECT datname::text AS name, oid::bigint || '/' || xmin::text AS version FROM pg_database "
                "WHERE datname = ANY (:names)"
            )
            rows = session.execute(query, {"names": list(names)})
            return {row.name: row.version for row in rows}

    def locale_of(self, name: str) -> DatabaseLocale | None:
        """The encoding and the collation of the database of that name; None where there is none."""
        with self._reading() as session:
            row = session.execute(text(catalog_sql("database_locale")), {"name": name}).mappings().one_or_none()
        return database_locale(**row) if row is not None else None

    def bytes_of_all(self, *, without: str | None) -> int:
        """What all other databases take on the server's disk, as far as our role may ask; its log is not counted."""
        with self._reading() as session:
            return int(session.execute(text(catalog_sql("bytes_of_databases")), {"without": without}).scalar_one())

    def sessions(self, oid: int) -> tuple[SessionGroup, ...]:
        """Who is connected to a database."""
        with self._reading() as session:
            rows = session.execute(text(catalog_sql("database_sessions")), {"oid": oid}).mappings()
            return tuple(SessionGroup(**row) for row in rows)

    def lock_holders(self, oid: int) -> tuple[str, ...]:
        """Whose transactions hold a lock on a database itself, whatever they are connected to."""
        with self._reading() as session:
            rows = session.execute(text(catalog_sql("database_lock_holders")), {"oid": oid}).all()
        return tuple(f"{row.role} ({row.application or 'no name'}, process {row.pid})" for row in rows)

    def rename_blockers(self, name: str, oid: int) -> dict[str, tuple[str, ...]]:
        """``slot``, ``subscription`` and ``prepared`` (transactions) of a database, by kind."""
        with self._reading() as session:
            query = text(catalog_sql("database_rename_blockers"))
            rows = session.execute(query, {"name": name, "oid": oid}).all()
        kinds = ("slot", "subscription", "prepared")
        return {kind: tuple(row.name for row in rows if row.kind == kind) for kind in kinds}

    def create(self, name: str, statement: str) -> int:
        """Create a database by that statement and return its oid; raises RestoreFailed."""
        try:
            with self.acting() as session:
                session.exec_driver_sql(statement.replace("%", "%%"))
        except DatabaseError as error:
            raise RestoreFailed(
                f"The database {name} could not be created: {error.what}",
                _remedy(error.what),
            ) from None
        oid = self.oid_of(name)
        if oid is None:
            raise RestoreFailed(
                f"The database {name} was created, and has since disappeared.", "Find out who dropped it."
            )
        return oid

    def change(self, statements: Sequence[str]) -> None:
        """Run the statements, each by itself; raises DatabaseError with what is refused."""
        if statements:
            with self.acting() as session:
                for statement in statements:
                    session.exec_driver_sql(statement.replace("%", "%%"))

    def rehearse(self, statements: Sequence[str]) -> None:
        """Run the statements in a transaction that is rolled back; raises DatabaseError with what is refused."""
        with changing(self._elsewhere) as session:
            session.execute(text("SET lock_timeout = '10s'"))
            session.execute(text("BEGIN"))
            for statement in statements:
                session.exec_driver_sql(statement.replace("%", "%%"))
            session.execute(text("ROLLBACK"))

    def drop(self, name: str, oid: int) -> None:
        """Drop a database that is not whole; does nothing where that name is another database by now.

        Raises PreflightFailed where it is the live one, whatever that is called.
        """
        if name == self._live or oid == self.oid_of(self._live):
            raise PreflightFailed(
                f"The database {name} is live, but was about to be dropped as a leftover of a restore.",
                "Nothing was dropped. Find out who can write to the bucket, and start a new run.",
            )
        if self.oid_of(name) == oid:
            if self.rename_blockers(name, oid)["subscription"]:
                detach_subscriptions(self.address(name), drop=True)
            with self.acting() as session:
                session.exec_driver_sql(f"DROP DATABASE {quote_name(name)} WITH (FORCE)".replace("%", "%%"))

    def in_the_way(self, name: str) -> list[str]:
        """The first few things that an empty database would not have."""
        with reading(self.address(name), timeout_ms=_TIMEOUT_MS) as session:
            rows = session.execute(text(catalog_sql("objects_in_the_way"))).all()
        return [f"{row.kind} {row.name}" for row in rows]

    def alone(self, *, after_another_try: bool = False) -> AbstractContextManager[None]:
        """Be the only one who restores this database, see ``RestoreLock.alone``."""
        return self._lock.alone(after_another_try=after_another_try)

    def acting(self) -> AbstractContextManager[Connection]:
        """A session for what changes something on the server, see ``RestoreLock.acting``."""
        return self._lock.acting()

    def is_at_work(self, backend: int) -> bool:
        """Whether the server still has the process of that number for a session."""
        with self._reading() as session:
            query = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid)")
            return bool(session.execute(query, {"pid": backend}).scalar_one())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading(self._elsewhere, timeout_ms=_TIMEOUT_MS) as session:
            yield session


def _remedy(said: str) -> str:
    remedies = {
        "permission denied for tablespace": "GRANT CREATE ON TABLESPACE to our role: the live database lies there.",
        "No space left": "Free space on the database server, and restore again.",
    }
    found = (remedy for words, remedy in remedies.items() if words in said)
    return next(found, "It must have the encoding and the locale of the source, so that everything sorts as before.")


def _settings(session: Connection, oid: int) -> tuple[Setting, ...]:
    rows = session.execute(text(catalog_sql("database_settings")), {"oid": oid}).mappings()
    return tuple(Setting(row["name"], row["value"], row["role"]) for row in rows)


def _grants(session: Connection, oid: int) -> tuple[Grant, ...]:
    rows = session.execute(text(catalog_sql("database_grants")), {"oid": oid}).mappings()
    return tuple(Grant(row["grantee"], row["privilege"], row["grantable"]) for row in rows)
