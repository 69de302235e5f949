"""restore, as a shell asks for it: the plan first, and a target's name typed at a terminal where Airflow would ask."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dbops.cli.screen import Screen, VerbResult
from dbops.cli.typed_consent import typed_consent
from dbops.domain.restores.request import RestoreRequest, read_restore_request
from dbops.domain.target import Target
from dbops.errors import ApprovalMissing

if TYPE_CHECKING:
    from dbops.domain.restores.plan import RestorePlan
    from dbops.domain.restores.report import RestoreReport
    from dbops.gateways.store.bucket import Bucket
    from dbops.jobs.restores.restore_place import RestorePlace
    from dbops.jobs.restores.restore_run import RestoreRun


def restore_verb(
    target: Target,
    place: RestorePlace,
    bucket: Bucket,
    asked: Namespace,
    screen: Screen,
    *,
    who: str,
    clock: Callable[[], datetime],
) -> VerbResult:
    """Plan, and unless only the plan was asked for, do it; raises DbopsError."""
    from dbops.jobs.restores.restore_run import RestoreRun

    request = _request(asked, target)
    if request.mode == "swap" and not asked.plan and "swap" in target.approvals.approve:
        screen.require_terminal("A swap from a shell is approved by typing the target's name at a terminal.")
    name = f"shell {clock().astimezone(UTC):%Y%m%dT%H%M%SZ} {who}"
    shell = _Shell(RestoreRun(target, place, bucket, name, clock), screen, who)
    if asked.plan:
        return _planned(shell.plan(request, keep=False))
    return VerbResult.of(shell.restore(request))


def _request(asked: Namespace, target: Target) -> RestoreRequest:
    mode = "swap" if asked.swap else "into" if asked.into else "schema" if asked.as_schema else "beside"
    return read_restore_request(
        mode=mode,
        backup=asked.backup,
        not_later_than=asked.not_later_than,
        schemas=[asked.as_schema] if asked.as_schema else asked.schema,
        tables=asked.table,
        into=asked.into,
        loaded=asked.loaded,
        zone=target.zone,
    )


def _planned(plan: RestorePlan) -> VerbResult:
    return VerbResult.of_plan(plan, {"backup_id": plan.manifest.backup_id, "mode": plan.request.mode})


@dataclass(frozen=True)
class _Shell:
    run: RestoreRun
    screen: Screen
    who: str

    def plan(self, request: RestoreRequest, *, keep: bool) -> RestorePlan:
        from dbops.jobs.restores.plan_restore import plan_restore

        return plan_restore(self.run, request, by=self.who, keep=keep)

    def restore(self, request: RestoreRequest) -> RestoreReport:
        from dbops.jobs.restores.analyze_restore import analyze_restore
        from dbops.jobs.restores.plan_restore import require_no_blockers
        from dbops.jobs.restores.plan_swap import plan_swap
        from dbops.jobs.restores.post_check import post_check
        from dbops.jobs.restores.report_restore import report_restore
        from dbops.jobs.restores.restore import restore
        from dbops.jobs.restores.swap import swap
        from dbops.jobs.restores.verify_restore import verify_restore

        plan = self.plan(request, keep=True)
        self.screen.show(plan.markdown())
        require_no_blockers(plan)
        with self.screen.loading() as on_progress:
            restore(self.run, consent=self._typed, on_progress=on_progress)
        self.screen.tell(
            "Taken over; the verification follows." if request.loaded else "Loaded; ANALYZE and verification follow."
        )
        analyze_restore(self.run)
        verify_restore(self.run)
        if request.mode == "swap":
            self.screen.show(report_restore(self.run).markdown())
            self.screen.show(plan_swap(self.run).markdown())
            swap(self.run, consent=self._typed)
            post_check(self.run)
        return report_restore(self.run)

    def _typed(self, action: str, digest: str) -> str | None:
        """The consent of whoever sits at the terminal; raises ApprovalMissing."""
        run, target = self.run, self.run.target
        live = replace(run.place.admin, database=run.place.live.database)
        return typed_consent(
            self.screen,
            target,
            run.bucket,
            action,
            digest,
            about=f"{live} is replaced" if action == "swap" else f"on the server of {live}",
            run=run.name,
            who=self.who,
            clock=run.clock,
            refusal=ApprovalMissing(f"The {action} of {target.name} was not approved.", "Nothing live was touched."),
        )
