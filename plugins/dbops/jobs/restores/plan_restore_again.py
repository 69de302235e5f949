"""plan_restore_again: a plan that is on record as it would be made now, which decides whether it is carried out."""

from __future__ import annotations

from dbops.domain.approvals.approval import short_digest
from dbops.domain.restores.chosen_backup import choose_backup
from dbops.domain.restores.plan import RestorePlan
from dbops.domain.restores.record import RestoreRecord
from dbops.errors import PlanChanged
from dbops.gateways.store.catalogs import read_catalog
from dbops.jobs.restores.plan_restore import choice_warnings, require_no_blockers
from dbops.jobs.restores.restore_planning import RestorePlanning, Unreadable
from dbops.jobs.restores.restore_run import RestoreRun


def plan_restore_again(run: RestoreRun, record: RestoreRecord) -> RestorePlan:
    """The plan of that record as it would be made now, with what people are shown of live rows and of the choice.

    Raises a DbopsError where none can be made.
    """
    plan, _ = _plan_again(run, record, count_live=True)
    return plan


def require_unchanged_plan(run: RestoreRun, record: RestoreRecord, digest: str) -> RestorePlan:
    """The plan of that record as it would be made now, without what people are shown of live rows.

    Raises PlanChanged where it is not the one of that digest, PreflightFailed where something is in the way by now, and
    what kept the live schema from being read where it could be when the plan was made.
    """
    plan, unreadable = _plan_again(run, record, count_live=False)
    if plan.digest != digest:
        if unreadable is not None:  # of a schema that cannot be read nobody knows that it is another
            raise unreadable
        then, now = short_digest(digest), short_digest(plan.digest)
        raise PlanChanged(
            f"What the restore of {run.target.name} would do now is not what its plan says: the live database, its "
            f"schema or its settings have changed since ({then} was planned, now it is {now}).",
            "Nothing was changed. Start a new run, and look at its plan.",
        )
    if record.live_oid != (plan.live.oid if plan.live else None):
        raise PlanChanged(
            f"The record of this restore of {run.target.name} names a different database as the live {record.live} "
            "than its plan does: somebody has edited it.",
            "Nothing was changed. Find out who can write to the bucket, and start a new run.",
        )
    require_no_blockers(plan)
    return plan


def _plan_again(run: RestoreRun, record: RestoreRecord, *, count_live: bool) -> tuple[RestorePlan, Unreadable | None]:
    """The plan, and why the live schema is not in it where it could not be read."""
    catalog = read_catalog(run.bucket, run.target)
    entry = choose_backup(catalog, record.request).entry
    planning = RestorePlanning(run, record.request, moment=record.planned, own=record, count_live=count_live)
    warnings = choice_warnings(run, catalog, entry, record.asked or record.request)
    return planning.plan(catalog, entry, warnings), planning.unreadable
