"""Working holds: what restores and drills that are not at their end hold, so that no expire deletes it meanwhile.

A restore holds by the record that it keeps anyway, a drill by ``drills/<run>.json``, a hold of its own that ends with
it. Neither has to be released by anybody, and neither holds for ever: a run may have died.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.restores.hold import LONGEST_STEP, held_for, restore_hold
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.target import Target
from dbops.errors import BucketError, ObjectMissing
from dbops.gateways.store.bucket import Bucket

_log = logging.getLogger(__name__)

_R = TypeVar("_R")


def working_holds(bucket: Bucket, target: Target, now: datetime) -> tuple[Hold, ...]:
    """What is held at ``now`` by what is at work; raises BucketError.

    Only the objects are read that are young enough to hold something. A record that cannot be read holds nothing: no
    step of that restore can go on either.
    """
    layout = Layout(target.root)
    wait = target.approvals.wait
    restores = [
        restore_hold(record, written, wait)
        for written, record in _young(bucket, layout.restores, held_for(wait), now, RestoreRecord.from_json)
        if record.target == target.name
    ]
    drills = [hold for _, hold in _young(bucket, layout.drills, LONGEST_STEP, now, Hold.from_json)]
    return tuple(hold for hold in (*restores, *drills) if hold is not None and hold.is_active(now))


@contextmanager
def held_by_drill(
    bucket: Bucket, target: Target, backup_id: BackupId, *, run: str, clock: Callable[[], datetime]
) -> Iterator[None]:
    """Hold that backup while it is drilled; raises BucketError where that cannot be said."""
    key = Layout(target.root).drill(run)

    def hold(until: datetime) -> None:
        bucket.put(key, Hold(backup_id, until, f"its drill in the run {run} is not at its end", "dbops").to_json())

    hold(clock() + LONGEST_STEP)
    try:
        yield
    finally:
        try:
            hold(clock())
        except BucketError as error:  # what the drill has found matters more
            _log.warning("%s is held for a week, for the end of its drill could not be written: %s", backup_id, error)


def _young(
    bucket: Bucket, folder: str, within: timedelta, now: datetime, read: Callable[[bytes], _R]
) -> Iterator[tuple[datetime, _R]]:
    """What was written ``within`` that time by the store's clock and can be read, with when that was."""
    for stored in bucket.list(folder):
        if now - stored.modified >= within:
            continue
        try:
            yield stored.modified, read(bucket.get(stored.key))
        except (ObjectMissing, ValueError):
            continue
