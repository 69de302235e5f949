"""Made-up restores for unit tests: a live database, a server, a plan, a record."""

from __future__ import annotations

from typing import Any

from dbops.domain.archives.database_locale import DatabaseLocale
from dbops.domain.backups.backup import BackupId
from dbops.domain.restores.blockers import RestoreConditions
from dbops.domain.restores.live_facts import LiveDatabase, LiveTable, ServerFacts
from dbops.domain.restores.plan import RestorePlan
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.servers.database_settings import DatabaseSettings
from tests.unit.samples import DAY, NOW, manifest

BACKUP = BackupId.at(NOW - DAY)
RESTORED = "shop__restore_20261122_120000"
BEFORE = "shop__before_20261122_120000"


def live(**changed: Any) -> LiveDatabase:
    """A live database of one table, which is larger than in the backup."""
    facts: dict[str, Any] = {
        "oid": 111,
        "bytes": 10_000,
        "tablespace": "pg_default",
        "settings": DatabaseSettings(owner="app"),
        "fingerprint": "f" * 64,
        "tables": {("public", "Order"): LiveTable(620, exact=True)},
    }
    return LiveDatabase(**{**facts, **changed})


def server(**changed: Any) -> ServerFacts:
    """A server on which everything may be done."""
    facts: dict[str, Any] = {
        "version": "17.10",
        "role": "admin",
        "may_create_databases": True,
        "is_superuser": True,
        "bypasses_rls": True,
        "roles": frozenset({"postgres", "admin", "app", "pg_database_owner"}),
        "memberships": frozenset({"admin", "app"}),
        "extensions": frozenset({"plpgsql", "pgcrypto"}),
        "databases": frozenset({"postgres", "shop"}),
    }
    return ServerFacts(**{**facts, **changed})


FREE = RestoreConditions(
    request=RestoreRequest(mode="swap"),
    server=server(),
    live_name="shop",
    live=live(),
    database=RESTORED,
    before=BEFORE,
    is_ours=False,
    made_of="shop",
    made_on="17.4 (Debian 17.4-1)",
    extensions=["pgcrypto"],
    entries=(),
    owners=True,
    in_the_way=(),
    locale=None,
    made_with=DatabaseLocale("UTF8", "C.UTF-8"),
    needed_bytes=2048,
    free_bytes=2048,
)
"""The conditions of a swap in whose way nothing stands."""


def plan(**changed: Any) -> RestorePlan:
    """The plan of a swap in whose way nothing stands."""
    facts: dict[str, Any] = {
        "target": "shop",
        "live_name": "shop",
        "request": RestoreRequest(mode="swap", backup_id=BACKUP),
        "manifest": manifest(BACKUP),
        "database": RESTORED,
        "before": BEFORE,
        "schema": None,
        "tables": frozenset(),
        "live": live(),
        "statements": ("CREATE DATABASE x", "ALTER DATABASE x RENAME TO y"),
        "verified": None,
        "expected": None,
        "needed_bytes": 11_000,
        "free_bytes": None,
        "planned": NOW,
        "looked": NOW,
    }
    return RestorePlan(**{**facts, **changed})


def record(**changed: Any) -> RestoreRecord:
    """The record of a swap that was planned."""
    facts: dict[str, Any] = {
        "target": "shop",
        "run": "manual__1",
        "request": RestoreRequest(mode="swap", backup_id=BACKUP),
        "backup_id": BACKUP,
        "digest": "d" * 64,
        "requested_by": "alice",
        "planned": NOW,
        "live": "shop",
        "live_oid": 111,
        "database": RESTORED,
        "before": BEFORE,
    }
    return RestoreRecord(**{**facts, **changed})


def rehearsal(**changed: Any) -> Rehearsal:
    """One that found nothing in the way."""
    facts: dict[str, Any] = {"target": "shop", "planned": NOW, "backup_id": BACKUP, "role": "dbops_restore"}
    return Rehearsal(**{**facts, **changed})
