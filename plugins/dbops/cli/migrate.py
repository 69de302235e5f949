"""The verb migrate: show what a migration would do, or write the live schema as the first one. Neither changes it."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbops.cli.screen import Answer, Screen, markdown
from dbops.domain.connection import DatabaseAddress
from dbops.domain.report import Verdict
from dbops.domain.target import Target

if TYPE_CHECKING:
    from dbops.domain.migration_plan import MigrationPlan
    from dbops.gateways.bucket import Bucket


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
) -> Answer:
    """Plan, or with ``--init`` write the first migration; raises DbopsError."""
    if asked.init:
        from dbops.jobs.init_migrations import init_migrations

        report = init_migrations(target, address, include, clock=clock, scratch=scratch)
        status = 0 if report.verdict is Verdict.OK else 1
        return Answer(report.to_json(), lambda: markdown(report.markdown()), status)
    from dbops.jobs.plan_migration import plan_migration

    screen.tell(f"Planning the migration of {target.name}: what is live, what scratch makes of the folder")
    plan = plan_migration(
        target,
        address,
        open_bucket(target),
        include=include,
        run=f"shell {clock().astimezone(UTC):%Y%m%dT%H%M%SZ} {who}",
        by=who,
        clock=clock,
        scratch=scratch,
        address_of_target=address_of_target,
    )
    return _planned(plan)


def _planned(plan: MigrationPlan) -> Answer:
    text = f"{plan.markdown()}\n\nDigest: `{plan.digest}`"
    document = {
        "target": plan.target,
        "database": plan.database,
        "digest": plan.digest,
        "needs_baseline": plan.ledger.needs_baseline,
        "migrations": [{"name": one.name, "marked": one.marked} for one in plan.migrations],
        "blockers": plan.blockers,
        "warnings": plan.warnings,
        "statements": plan.statements,
        "markdown": plan.markdown(),
    }
    return Answer(json.dumps(document, ensure_ascii=False), lambda: markdown(text), 1 if plan.blockers else 0)
