"""plan_swap: the plan of a swap as it is when all is verified, which is what people say yes to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dbops.domain.restore_plan import RestorePlan
from dbops.domain.restore_record import RestoreState
from dbops.domain.target import Target
from dbops.errors import PlanChanged
from dbops.gateways.bucket import Bucket
from dbops.gateways.restores import put_restore, read_restore
from dbops.jobs.plan_restore import plan_again, require_no_blockers
from dbops.jobs.restore_place import RestorePlace


def plan_swap(
    target: Target, place: RestorePlace, bucket: Bucket, *, run: str, programs: Path | None = None
) -> RestorePlan:
    """Plan the swap of what that run has verified, with the live database as it is now, and keep the plan's digest.

    Hours went by since the restore was planned: that the live database has got another partition or another setting is
    shown, and no reason to load all again. From now on it is; and that it is another database always was. Raises a
    DbopsError.
    """
    record = read_restore(bucket, target, run)
    plan = plan_again(target, place, bucket, record, programs=programs, count_live=True)
    if (plan.live.oid if plan.live else None) != record.live_oid:
        raise PlanChanged(
            f"The database {record.live} is not the one that was there when this restore was planned.",
            "Nothing live was touched. Look who has made, renamed or dropped one, and start a new run.",
        )
    require_no_blockers(plan)
    if plan.digest != record.digest:
        changed = (
            f"{record.live}, its schema or its settings have changed since the restore was planned, at "
            f"{record.planned:%Y-%m-%d %H:%M} UTC. All of this is as it is now."
        )
        plan = replace(plan, warnings=(changed, *plan.warnings))
    if record.state is RestoreState.VERIFIED and plan.digest != record.swap_digest:
        put_restore(bucket, target, replace(record, swap_digest=plan.digest))
    return plan
