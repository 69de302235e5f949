"""migrate, as a shell asks for it: the plan first, and the target's name typed at a terminal, where Airflow asks."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbops.cli.screen import Screen, VerbResult
from dbops.cli.typed_consent import typed_consent
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import ApprovalMissing

if TYPE_CHECKING:
    from dbops.domain.migrations.plan import MigrationPlan
    from dbops.domain.migrations.report import MigrationReport
    from dbops.gateways.store.bucket import Bucket
    from dbops.jobs.approvals.require_approval import Consent


def migrate_verb(
    target: Target,
    address: DatabaseAddress,
    open_bucket: Callable[[Target], Bucket],
    asked: Namespace,
    screen: Screen,
    *,
    include: Path,
    scratch: DatabaseAddress | None,
    address_of_target: Callable[[str], DatabaseAddress],
    who: str,
    clock: Callable[[], datetime],
) -> VerbResult:
    """Plan, and unless only that or ``--init`` was asked for, do it; raises DbopsError."""
    if asked.init:
        from dbops.jobs.migrations.init_migrations import init_migrations

        return VerbResult.of(init_migrations(target, address, include, clock=clock, scratch=scratch))
    if not asked.plan and "migrate" in target.approvals.approve:
        screen.require_terminal("A migration from a shell is approved by typing the target's name at a terminal.")
    run = f"shell {clock().astimezone(UTC):%Y%m%dT%H%M%SZ} {who}"
    bucket = open_bucket(target.hurried if asked.plan else target)
    shell = _Shell(target, address, bucket, include, scratch, screen, run, who, clock)
    screen.tell(f"Planning the migration of {target.name}: what is live, and what the folder makes on scratch")
    plan = shell.plan(address_of_target)
    return _planned(plan) if asked.plan else VerbResult.of(shell.migrate(plan))


@dataclass(frozen=True)
class _Shell:
    target: Target
    address: DatabaseAddress
    bucket: Bucket
    include: Path
    scratch: DatabaseAddress | None
    screen: Screen
    run: str
    who: str
    clock: Callable[[], datetime]

    def plan(self, address_of_target: Callable[[str], DatabaseAddress]) -> MigrationPlan:
        from dbops.jobs.migrations.plan_migration import plan_migration

        return plan_migration(
            self.target,
            self.address,
            self.bucket,
            include=self.include,
            run=self.run,
            by=self.who,
            clock=self.clock,
            scratch=self.scratch,
            address_of_target=address_of_target,
        )

    def migrate(self, plan: MigrationPlan) -> MigrationReport:
        """Show the plan, and carry it out once somebody has said yes to it."""
        from dbops.gateways.store.migration_records import keep_planned
        from dbops.jobs.migrations.apply_migration import apply_migration
        from dbops.jobs.migrations.plan_migration import require_no_blockers
        from dbops.jobs.migrations.post_check_migration import post_check_migration
        from dbops.jobs.migrations.report_migration import report_migration
        from dbops.jobs.migrations.touched_probes import measure_before

        target, address, bucket, include, run, clock = (
            self.target, self.address, self.bucket, self.include, self.run, self.clock
        )  # fmt: skip
        self.screen.show(plan.markdown())
        require_no_blockers(plan)
        keep_planned(bucket, target, plan)
        if plan.is_needed:
            consent = self._typed(plan.digest)  # before anything is locked: people take their time
            backup_id = self._back_up()
            self.screen.tell("Timing the operations on the affected tables")
            measure_before(target, address, bucket, include=include, run=run)
            apply_migration(
                target,
                address,
                bucket,
                include=include,
                run=run,
                clock=clock,
                scratch=self.scratch,
                consent=consent,
                restore_form=f"`python -m dbops restore {target.name} --backup {backup_id} --swap`",
                on_progress=lambda progress: self.screen.tell(progress.sentence()),
            )
            self.screen.tell("Applied; the post-check follows.")
            post_check_migration(target, address, bucket, include=include, run=run, clock=clock, scratch=self.scratch)
        return report_migration(target, bucket, run=run, clock=clock)

    def _back_up(self) -> str:
        from dbops.gateways.store.migration_records import note_backup
        from dbops.jobs.backups.back_up import back_up

        self.screen.tell(f"Backing up {self.address} to s3://{self.bucket.name}/{self.target.root}")
        with self.screen.progress() as on_progress:
            report = back_up(
                self.target.migrating,
                self.address,
                self.bucket,
                run=self.run,
                clock=self.clock,
                on_progress=on_progress,
            )
        for warning in report.warnings:
            self.screen.tell(f"note: {warning}")
        note_backup(self.bucket, self.target, run=self.run, backup_id=str(report.backup_id))
        return str(report.backup_id)

    def _typed(self, digest: str) -> Consent:
        """The consent of whoever sits at the terminal, to this plan and no other; raises ApprovalMissing."""
        who = typed_consent(
            self.screen,
            self.target,
            self.bucket,
            "migrate",
            digest,
            about=str(self.address),
            run=self.run,
            who=self.who,
            clock=self.clock,
            refusal=ApprovalMissing(f"The migration of {self.target.name} was not approved.", "Nothing was touched."),
        )

        def consent(action: str, now: str) -> str | None:
            if who is not None and (action, now) != ("migrate", digest):
                raise ApprovalMissing("What would be done now is not what was approved.", "Nothing was touched.")
            return who

        return consent


def _planned(plan: MigrationPlan) -> VerbResult:
    facts = {
        "database": plan.database,
        "needs_baseline": plan.ledger.needs_baseline,
        "migrations": [{"name": one.name, "marked": one.marked} for one in plan.migrations],
    }
    return VerbResult.of_plan(plan, facts)
