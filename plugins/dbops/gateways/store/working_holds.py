"""Working holds: what restores and drills that are not at their end hold, so that no expire deletes it meanwhile.

A restore holds by the record that it keeps anyway, a drill by ``drills/<run>.json``, a hold of its own that ends with
it. Neither has to be released by anybody, and neither holds for ever: a run may have died.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.restores.hold import LONGEST_STEP, held_for, restore_hold
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.target import Target
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_records import dated_records

_log = logging.getLogger(__name__)


def working_holds(bucket: Bucket, target: Target, now: datetime) -> tuple[Hold, ...]:
    """What is held at ``now`` by what is at work; raises BucketError.

    Only the objects are read that are young enough to hold something. A record that cannot be read holds nothing: no
    step of that restore can go on either.
    """
    layout = Layout(target.root)
    wait = target.approvals.wait
    restores = [
        restore_hold(record, written, wait)
        for written, record in dated_records(
            bucket, layout.restores, RestoreRecord.from_json, since=now - held_for(wait)
        )
        if record.target == target.name
    ]
    drills = [hold for _, hold in dated_records(bucket, layout.drills, Hold.from_json, since=now - LONGEST_STEP)]
    return tuple(hold for hold in (*restores, *drills) if hold is not None and hold.is_active(now))


@contextmanager
def held_by_drill(
    bucket: Bucket, target: Target, backup_id: BackupId, *, run: str, clock: Callable[[], datetime]
) -> Iterator[None]:
    """Hold that backup while it is drilled; raises BucketError where that cannot be said."""
    key = Layout(target.root).drill(run)

    def hold(until: datetime) -> None:
        bucket.put(key, Hold(backup_id, until, f"its drill in the run {run} has not ended", "dbops").to_json())

    hold(clock() + LONGEST_STEP)
    try:
        yield
    finally:
        try:
            hold(clock())
        except BucketError as error:  # what the drill has found matters more
            _log.warning(
                "%s is held for a week because the end of its drill could not be written: %s", backup_id, error
            )
