"""plan_swap: the plan of a swap as it is when all is verified, which is what people say yes to."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.restores.left_copy import way_on
from dbops.domain.restores.plan import RestorePlan
from dbops.domain.restores.record import RestoreState
from dbops.domain.words.quantities import format_moment
from dbops.errors import PlanChanged, PreflightFailed
from dbops.jobs.restores.plan_restore import require_no_blockers
from dbops.jobs.restores.plan_restore_again import plan_restore_again
from dbops.jobs.restores.restore_run import RestoreRun
from dbops.jobs.restores.take_over import require_still_ours


def plan_swap(run: RestoreRun) -> RestorePlan:
    """Plan the swap of what that run has verified, with the live database as it is now, and keep what follows from it.

    That is its digest, and what it says that one should know. Hours went by since the restore was planned: that the
    live database has got another partition or another setting is shown, and no reason to load all again. From now on
    it is; and that it is another database always was. Raises a DbopsError.
    """
    record = run.read()
    require_still_ours(run, record)
    plan = plan_restore_again(run, record)
    if (plan.live.oid if plan.live else None) != record.live_oid:
        raise PlanChanged(
            f"The database {record.live} is not the one that was there when this restore was planned.",
            f"Nothing live was touched. Find out who has created, renamed or dropped one. {way_on(record)}",
        )
    try:
        require_no_blockers(plan)
    except PreflightFailed as error:
        error.remedy = f"{error.remedy} {way_on(record)}"
        raise
    if plan.digest != record.digest:
        changed = (
            f"{record.live}, its schema or its settings have changed since the restore was planned, at "
            f"{format_moment(record.planned)}. Everything shown here is as it is now."
        )
        plan = replace(plan, warnings=(changed, *plan.warnings))
    plan = replace(plan, proven=record.verification.finished if record.verification else None)
    if record.state is RestoreState.VERIFIED and (plan.digest, plan.warnings) != (record.swap_digest, record.notes):
        run.put(replace(record, swap_digest=plan.digest, notes=plan.warnings))
    return plan
