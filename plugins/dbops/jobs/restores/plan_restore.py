"""plan_restore: what a restore would do, found out read-only, and shown before anything is done."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.unencrypted import unencrypted_warning
from dbops.domain.restores.chosen_backup import ChosenBackup, choice_notes, choose_backup
from dbops.domain.restores.plan import RestorePlan
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.words.ended import Ended
from dbops.errors import BackupUnusable, ObjectMissing, PlanChanged, PreflightFailed
from dbops.gateways.store.catalogs import read_catalog
from dbops.jobs.restores.restore_planning import RestorePlanning
from dbops.jobs.restores.restore_run import RestoreRun
from dbops.jobs.restores.take_over import request_of_loaded


def plan_restore(run: RestoreRun, request: RestoreRequest, *, by: str | None, keep: bool = True) -> RestorePlan:
    """Plan that run's restore, keep its record, and give the plan; what stands in the way is among its ``blockers``.

    ``by`` is who asked for it, None where nobody knows; without ``keep`` it is only looked at, and no record is kept.

    Raises a DbopsError where no plan can be made, and PlanChanged where the run has begun to restore already.
    """
    known = run.find()
    if known is not None and known.state is not RestoreState.PLANNED:
        raise PlanChanged(
            f"The run {run.name} is restoring {known.backup_id} already.", "Start a new run for another plan."
        )
    catalog = read_catalog(run.bucket, run.target)
    request = request_of_loaded(run, request, keep=keep)
    chosen = _chosen(catalog, request)
    now = run.clock()
    pinned = replace(request, backup_id=chosen.entry.backup_id, not_later_than=None)
    warnings = choice_warnings(run, catalog, chosen.entry, request)
    plan = RestorePlanning(run, pinned, moment=now).plan(catalog, chosen.entry, warnings)
    if keep:
        record = RestoreRecord(
            target=run.target.name,
            run=run.name,
            request=pinned,
            backup_id=chosen.entry.backup_id,
            digest=plan.digest,
            planned=now,
            requested_by=by,
            live=plan.live_name,
            live_oid=plan.live.oid if plan.live else None,
            database=plan.database,
            before=plan.before,
            schema=plan.schema,
            asked=request,
            notes=plan.warnings,
            ended=Ended(word="refused", why=" ".join(plan.blockers), when=now) if plan.blockers else None,
            oid=pinned.takes_over.oid if pinned.takes_over else None,
        )
        run.put(record)
        _require_still_there(run, record)
    return plan


def choice_warnings(run: RestoreRun, catalog: Catalog, entry: CatalogEntry, asked: RestoreRequest) -> tuple[str, ...]:
    """What to know of that backup being restored upon that request, by what is in the bucket now."""
    return (
        *unencrypted_warning(catalog, entry.backup_id, run.target.encryption),
        *choice_notes(entry, catalog, asked),
    )


def _chosen(catalog: Catalog, request: RestoreRequest) -> ChosenBackup:
    try:
        return choose_backup(catalog, request)
    except BackupUnusable as error:
        if request.takes_over is not None:
            error.remedy = (
                "Without it, what was loaded from it cannot be verified again, so it is not swapped in. With the "
                "database's credentials you can put it into place by hand (docs/runbooks/restore-by-hand.md, step "
                "9); or start a new run that loads."
            )
        raise


def require_no_blockers(plan: RestorePlan) -> None:
    """Raise PreflightFailed with everything that stands in the way of the plan."""
    if plan.blockers:
        raise PreflightFailed(
            f"This restore of {plan.target} cannot be done: {' '.join(plan.blockers)}", "Nothing live was touched."
        )


def _require_still_there(run: RestoreRun, record: RestoreRecord) -> None:
    """Asked when it is on record: an expire that runs right now sees the record, or we see that it came too late."""
    try:
        run.bucket.get(Layout(run.target.root).manifest(record.backup_id))
    except ObjectMissing:
        raise PlanChanged(
            f"Backup {record.backup_id} expired while its restore was being planned.",
            "Nothing was created. Start a new run, and choose one of those that are left.",
        ) from None
