"""What tests of a whole migration share: a pushed database with probes, a folder of migrations, a bucket, one run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from dbops.domain.migrations.plan import MigrationPlan
from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.migrations.report import MigrationReport
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.migration_records import keep_planned, note_backup, read_migration
from dbops.jobs.backups.back_up import back_up
from dbops.jobs.migrations.apply_migration import apply_migration
from dbops.jobs.migrations.plan_migration import plan_migration, require_no_blockers
from dbops.jobs.migrations.post_check_migration import post_check_migration
from dbops.jobs.migrations.report_migration import report_migration
from dbops.jobs.migrations.touched_probes import measure_before
from tests.backups import NAME, target
from tests.clock import now
from tests.migrating_scratch import write_migration

REFERENCE = Path(__file__).parents[1] / "include/sql/summary_app"
LAST = "20261126090100_usage_event_user_id_created_at_idx"
STEPS = ("0_init", "20261126090000_summary_user_id_created_at_idx", LAST)
PROBES = (
    *("summary_list_newest", "summary_find_unique", "summary_create", "usage_event_count_this_month"),
    *("user_find_by_email", "connection_pool"),
)
"""Those of the reference application that are timed; the last two touch no table of the migrations."""
INDEXES = ("Summary_userId_createdAt_idx", "UsageEvent_userId_createdAt_idx")


@dataclass
class Flow:
    """One run over the database of ``url``, whose files are the reference application's unless a test changes them."""

    url: str
    include: Path
    place: Path
    programs: Path
    bucket: Bucket
    run: str = "test"

    def __post_init__(self) -> None:
        shutil.copytree(REFERENCE / "migrations", self.folder / "migrations")
        (self.folder / "probes").mkdir()
        for name in PROBES:
            shutil.copy(REFERENCE / f"probes/{name}.sql", self.folder / "probes")

    @property
    def folder(self) -> Path:
        return self.include / "sql" / NAME

    @property
    def target(self) -> Target:
        made = target(self.bucket.name)
        document = {**made.model_dump(mode="json", exclude_unset=True), "drill": {"directory": str(self.place)}}
        spool = {"spool": str(self.place)}
        return Target.model_validate({**document, "backup": spool, "approvals": {"approve": []}})

    @property
    def address(self) -> DatabaseAddress:
        return DatabaseAddress.from_url(self.url)

    def write(self, name: str, sql: str) -> None:
        """One more migration."""
        write_migration(self.folder / "migrations", name, sql)

    def know_the_schema(self) -> None:
        """Let there be a schema.yaml, which nightly checks go by."""
        (self.include / "expectations" / NAME).mkdir(parents=True)
        schema = REFERENCE.parents[1] / "expectations/summary_app/schema.yaml"
        shutil.copy(schema, self.include / "expectations" / NAME)

    def tell(self, statement: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode())

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def plan(self) -> MigrationPlan:
        plan = plan_migration(
            self.target, self.address, self.bucket, include=self.include, run=self.run, by="tester", clock=now,
            programs=self.programs,
        )  # fmt: skip
        require_no_blockers(plan)
        keep_planned(self.bucket, self.target, plan)
        return plan

    def measure(self) -> MigrationRecord:
        return measure_before(self.target, self.address, self.bucket, include=self.include, run=self.run)

    def back_up(self) -> str:
        report = back_up(self.target, self.address, self.bucket, run=self.run, clock=now, programs=self.programs)
        return str(report.backup_id)

    def apply(self) -> MigrationRecord:
        note_backup(self.bucket, self.target, run=self.run, backup_id=self.back_up())
        return apply_migration(
            self.target, self.address, self.bucket, include=self.include, run=self.run, clock=now,
            programs=self.programs,
        )  # fmt: skip

    def check(self) -> MigrationReport:
        post_check_migration(
            self.target, self.address, self.bucket, include=self.include, run=self.run, clock=now,
            programs=self.programs,
        )  # fmt: skip
        return report_migration(self.target, self.bucket, run=self.run, clock=now)

    def whole(self, before_check: Callable[[], object] = lambda: None) -> MigrationReport:
        """All steps, one after the other."""
        self.plan()
        self.measure()
        self.apply()
        before_check()
        return self.check()

    @property
    def record(self) -> MigrationRecord:
        return read_migration(self.bucket, self.target, self.run)
