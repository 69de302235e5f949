"""check_migrated: after a migration, prove that the database is what its migrations make of an empty one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dbops.domain.ledger.rules import judge_ledger
from dbops.domain.migrations.migrated_check import MigratedCheck
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.files.migration_files import read_migrations
from dbops.gateways.migrating.ledger import read_ledger
from dbops.gateways.server.restored_database import RestoredDatabase
from dbops.jobs.migrations.replay import find_drift
from dbops.jobs.migrations.scratch import scratch_for


def check_migrated(
    target: Target,
    address: DatabaseAddress,
    *,
    include: Path,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    scratch: DatabaseAddress | None = None,
) -> MigratedCheck:
    """Look at the catalog, the indexes and the ledger; ``scratch`` is as of ``scratch_for``. Raises a DbopsError."""
    migrations = read_migrations(include, target.name)
    state = judge_ledger(migrations, read_ledger(address))
    applied = [migration for migration in migrations if migration.name in state.applied]
    with scratch_for(target, address, clock=clock, programs=programs, scratch=scratch) as place:
        differences = find_drift(place, applied)
    return MigratedCheck(
        differences=differences,
        invalid=tuple(f"{schema}.{name}" for schema, name in RestoredDatabase(address).broken_indexes()),
        unfinished=state.failed,
        pending=state.pending,
    )
