"""LiveFacts: what a restore's plan knows of the database that is live, and of its server."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.servers.database_settings import DatabaseSettings
from dbops.domain.servers.major_version import major_version

TableName = tuple[str, str]


@dataclass(frozen=True)
class LiveTable:
    """``rows`` is an estimate unless ``exact``.

    ``newest`` is the newest time in the table's time column and ``since`` how many rows came after the backup; both
    None where no such column is known, or the question took too long.
    """

    rows: int
    exact: bool
    newest: str | None = None
    since: int | None = None


@dataclass(frozen=True)
class SessionGroup:
    """Sessions of one role and application that a swap would end; ``may_end`` whether our role is allowed to."""

    role: str
    application: str
    count: int
    may_end: bool


@dataclass(frozen=True)
class LiveDatabase:
    """The live database, as it is now. ``fingerprint`` is of its schema, see ``schema_comparison.fingerprint``.

    ``slots`` and ``subscriptions`` are those of logical replication, ``prepared`` the prepared transactions: what a
    swap would break, or be kept from by. Not ``counted``: its tables' rows were not asked for, or cannot be read.
    ``may_lie_beside``: another database may be made in its tablespace.
    """

    oid: int
    bytes: int
    tablespace: str
    settings: DatabaseSettings
    fingerprint: str
    tables: dict[TableName, LiveTable]
    sessions: tuple[SessionGroup, ...] = ()
    slots: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()
    may_rename: bool = True
    counted: bool = True
    may_lie_beside: bool = True


@dataclass(frozen=True)
class ServerFacts:
    """The target's server. ``databases`` are all names that are taken there, and ``roles`` all of its roles.

    ``templates`` are the databases of which others are made.
    ``role`` is ours, and ``memberships`` the roles that it is a member of, itself among them. ``untrusted`` are the
    extensions that PostgreSQL lets only a superuser create; where it ``is_managed`` its provider may let others.
    """

    version: str
    role: str
    may_create_databases: bool
    is_superuser: bool
    bypasses_rls: bool
    roles: frozenset[str]
    memberships: frozenset[str]
    extensions: frozenset[str]
    databases: frozenset[str]
    templates: frozenset[str] = frozenset()
    untrusted: frozenset[str] = frozenset()
    is_managed: bool = False
    is_replica: bool = False

    @property
    def major(self) -> int:
        """The major version."""
        return major_version(self.version)
