"""rehearse_restore: plan a restore that nobody has asked for, so that what would refuse it is known in time.

It is the plan of a swap, by the role and with the keys that would restore, and it changes nothing but its own record.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dbops.domain.restores.chosen_backup import choose_backup
from dbops.domain.restores.plan import RestorePlan
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.target import Target
from dbops.errors import BucketError, DatabaseError, DbopsError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.rehearsals import put_rehearsal, read_rehearsal
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.restores.restore_place import RestorePlace
from dbops.jobs.restores.restore_planning import RestorePlanning
from dbops.jobs.restores.restore_run import RestoreRun
from dbops.jobs.target_index.refresh_index import refresh_rehearsal

_RUN = "rehearsal"


def rehearse_restore(
    target: Target,
    bucket: Bucket,
    open_place: Callable[[], RestorePlace],
    *,
    clock: Callable[[], datetime],
    programs: Path | None = None,
) -> Rehearsal | None:
    """Plan it for the backup that a restore would take, and keep what came of it; None where there is no backup.

    What a plan would be refused for is in the rehearsal, and so is why none could be made. Raises BucketError where
    the catalog cannot be read or the record not be written.
    """
    catalog = read_catalog(bucket, target)
    if not any(entry.is_good for entry in catalog.entries):
        return None
    planned = clock()
    entry = choose_backup(catalog, RestoreRequest(mode="swap")).entry
    try:
        run = RestoreRun(target, open_place(), bucket, _RUN, clock, programs)
        request = RestoreRequest(mode="swap", backup_id=entry.backup_id)
        plan = RestorePlanning(run, request, moment=planned, rehearsal=True).plan(catalog, entry)
    except Exception as error:  # noqa: BLE001 - that it cannot be planned is what a rehearsal is to find out
        found = _not_planned(target, bucket, error, planned)
    else:
        found = _planned(plan)
    return _kept(target, bucket, found, clock)


def keep_unknown(target: Target, bucket: Bucket, error: DatabaseError, clock: Callable[[], datetime]) -> Rehearsal:
    """Keep that it could not be planned, for the server has not answered; raises BucketError."""
    return _kept(target, bucket, _not_planned(target, bucket, error, clock()), clock)


def _kept(target: Target, bucket: Bucket, found: Rehearsal, clock: Callable[[], datetime]) -> Rehearsal:
    put_rehearsal(bucket, target, found)
    refresh_rehearsal(target, bucket, found, clock)
    return found


def _planned(plan: RestorePlan) -> Rehearsal:
    return Rehearsal(
        target=plan.target,
        planned=plan.planned,
        backup_id=plan.manifest.backup_id,
        role=plan.role,
        refusals=(*plan.blockers, *plan.likely_blockers),
    )


def _not_planned(target: Target, bucket: Bucket, error: Exception, planned: datetime) -> Rehearsal:
    """What does not answer may do so in an hour; of all else the same plan would be refused for the same reason."""
    said = error_in_words(error, f"a restore of {target.name} was rehearsed")
    if isinstance(error, DbopsError) and not isinstance(error, DatabaseError | BucketError):
        return Rehearsal(target=target.name, planned=planned, refusals=(said,))
    last = read_rehearsal(bucket, target)
    since = last.unknown_since if last is not None and last.unknown else None
    return Rehearsal(target=target.name, planned=planned, unknown=said, unknown_since=since or planned)
