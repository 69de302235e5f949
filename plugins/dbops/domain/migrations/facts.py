"""MigrationFacts: what a migration's plan knows of the live database and of what our role may do there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbops.domain.sql.object_names import TableName


@dataclass(frozen=True)
class ForeignTable:
    """A table that belongs to another role: whose it is, and whether ours may make foreign keys to it or triggers."""

    owner: str
    may_refer: bool = False


@dataclass(frozen=True, kw_only=True)
class MigrationFacts:
    """``may_create`` are the schemas in which our role may make objects; a table that is not its own is in ``foreign``.

    ``may_write_ledger`` is None where there is no ledger. ``refuses_writes`` is a database or a role that is read-only
    by default. ``bytes_of_all`` is what all databases of the server take that our role may ask about.
    """

    database: str
    oid: int
    server_version: str
    role: str
    is_replica: bool = False
    refuses_writes: bool = False
    may_create: frozenset[str] = frozenset()
    may_write_ledger: bool | None = None
    foreign: Mapping[TableName, ForeignTable] = field(default_factory=dict)
    bytes_of_all: int = 0
