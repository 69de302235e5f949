"""What tests of applied migrations share: a pushed database with a folder of migrations, and every step of a run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from dbops.domain.backups.layout import Layout
from dbops.domain.ledger.table import LedgerRow
from dbops.domain.migrations.migrated_check import MigratedCheck
from dbops.domain.migrations.plan import MigrationPlan
from dbops.domain.migrations.progress import MigrationProgress
from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.schema.baseline import SchemaBaseline, without
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.files.migration_files import migrations_folder
from dbops.gateways.migrating.ledger import read_ledger
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.migration_records import keep_planned, note_backup, read_migration
from dbops.jobs.migrations.apply_migration import apply_migration
from dbops.jobs.migrations.check_migrated import check_migrated
from dbops.jobs.migrations.plan_migration import plan_migration
from tests.backups import NAME, target
from tests.clock import now
from tests.faults.job import wait_until
from tests.migrating_scratch import tell, write_migration
from tests.unit.samples import manifest, store_backup

INIT = """CREATE TABLE notes (id int PRIMARY KEY, n int);
CREATE TABLE counter (n int);
"""
ROWS = "INSERT INTO notes SELECT n, n FROM generate_series(1, 100) n; INSERT INTO counter VALUES (0);"
COUNT = "UPDATE counter SET n = n + 1;"
INDEX = "CREATE INDEX CONCURRENTLY notes_n_idx ON notes (n);"
DROP_INDEX = "DROP INDEX CONCURRENTLY notes_n_idx;"
# What an empty scratch database allows, and the rows of the live one do not.
REFUSED = "UPDATE notes SET n = n / 0;"
FORM = "https://airflow.example/restore?target=vault"


@dataclass
class Applying:
    """Migrations of one database; scratch databases are on its own server, or on a throw-away one in ``place``."""

    url: str
    include: Path
    bucket: Bucket
    programs: Path
    approve: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    schema_name: str | None = None
    place: Path | None = None
    run: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")
    seen: list[MigrationProgress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.write("0_init", INIT)
        tell(self.url, INIT, ROWS)

    @property
    def target(self) -> Target:
        document = target(self.bucket.name).model_dump(mode="json", exclude_unset=True)
        return Target.model_validate(
            {
                **document,
                "approvals": {"approve": self.approve},
                "drill": {"directory": str(self.place)} if self.place else {},
                "migrations": {"lock_timeout": "1s", "tries": 2, **self.options},
            }
        )

    @property
    def address(self) -> DatabaseAddress:
        return replace(DatabaseAddress.from_url(self.url), search_schema=self.schema_name)

    @property
    def scratch_url(self) -> str:
        """The server on which scratch databases are made."""
        return f"{self.url.rpartition('/')[0]}/postgres"

    @property
    def record(self) -> MigrationRecord:
        return read_migration(self.bucket, self.target, self.run)

    def write(self, name: str, sql: str, down: str | None = None) -> None:
        """A migration, or another text of one."""
        write_migration(migrations_folder(self.include, NAME), name, sql, down)

    def asked(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "address": self.address,
            "include": self.include,
            "clock": now,
            "programs": self.programs,
            "scratch": DatabaseAddress.from_url(self.scratch_url) if self.place is None else None,
        }

    def plan(self) -> MigrationPlan:
        """Plan, and keep it, as the DAG does."""
        self.keep_backup()
        plan = plan_migration(**self.asked(), bucket=self.bucket, run=self.run, by="tester")
        keep_planned(self.bucket, self.target, plan)
        return plan

    def keep_backup(self) -> str:
        backup = manifest(now(), of=NAME)
        store_backup(self.bucket, Layout(self.target.root), backup)
        return backup.backup_id

    def ready(self) -> MigrationPlan:
        """Planned, and backed up."""
        plan = self.plan()
        note_backup(self.bucket, self.target, run=self.run, backup_id=self.keep_backup())
        return plan

    def apply(self, **asked: Any) -> MigrationRecord:
        given = {**self.asked(), "on_progress": self.seen.append, "restore_form": FORM, **asked}
        return apply_migration(**given, bucket=self.bucket, run=self.run)

    def check(self) -> MigratedCheck:
        return check_migrated(**self.asked())

    def tell(self, *scripts: str) -> None:
        tell(self.url, *scripts)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def ledger(self) -> list[LedgerRow]:
        return list(read_ledger(self.address) or ())

    def told(self) -> list[tuple[str, str, int]]:
        """By the ledger, what has become of each attempt, and its count of steps."""
        return [(row.name, _state(row), row.steps) for row in self.ledger()]

    def counted(self) -> int:
        """How often COUNT took effect."""
        ((count,),) = self.ask("SELECT n FROM counter")
        return int(count)

    def schema(self) -> SchemaBaseline:
        """Without the ledger."""
        return without(read_schema(self.address), [(self.schema_name or "public", "_prisma_migrations")])

    def expect_no_session(self) -> None:
        wait_until(lambda: self.sessions() == [], "every session of ours has ended", 15)

    def sessions(self) -> list[tuple[Any, ...]]:
        """Those of ours."""
        return self.ask(
            """SELECT pid, application_name, wait_event_type, left(query, 80) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name LIKE 'dbops%' AND pid <> pg_backend_pid()"""
        )


def _state(row: LedgerRow) -> str:
    if row.rolled_back is not None:
        return "rolled back"
    return "applied" if row.finished is not None else "failed"
