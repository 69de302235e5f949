"""Migrations: those of the repository's folder, and those that a database's ledger says were applied to it."""

from __future__ import annotations

from sqlalchemy import text

from dbops.domain.connection import DatabaseAddress
from dbops.domain.migration_sync import MigrationSync
from dbops.domain.target import Target
from dbops.gateways.sessions import reading
from dbops.gateways.sql_files import catalog_sql
from dbops.gateways.target_files import include_folder

_TIMEOUT_MS = 60_000


def read_migration_sync(address: DatabaseAddress, target: Target) -> MigrationSync:
    """Compare a database's ledger with ``include/sql/<target>/migrations``; raises DatabaseError."""
    folder = include_folder() / "sql" / target.name / "migrations"
    names = tuple(sorted(path.parent.name for path in folder.glob("*/migration.sql")))
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        ledger = session.execute(text(catalog_sql("applied_migrations"))).scalar_one_or_none()
        if ledger is None:
            return MigrationSync(names)
        query = f"SELECT migration_name, finished_at IS NOT NULL AS done, rolled_back_at IS NOT NULL AS undone FROM {ledger}"  # noqa: S608, E501 - format() quotes
        rows = session.exec_driver_sql(f"{query} ORDER BY started_at, migration_name".replace("%", "%%")).all()
    return MigrationSync(
        names,
        applied=tuple(dict.fromkeys(row.migration_name for row in rows if row.done and not row.undone)),
        failed=tuple(row.migration_name for row in rows if not row.done and not row.undone),
    )
