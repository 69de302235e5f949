"""post_check: after a swap, look at the database as the application will see it, and report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.restore_record import RestoreRecord, RestoreState
from dbops.domain.restore_report import RestoreReport
from dbops.domain.target import Target
from dbops.errors import RestoreFailed
from dbops.gateways.bucket import Bucket
from dbops.gateways.database import Database
from dbops.gateways.restores import read_restore
from dbops.jobs.restore_place import RestorePlace
from dbops.jobs.swap import is_swapped

_NAMES_SHOWN = 5


def post_check(target: Target, place: RestorePlace, bucket: Bucket, *, run: str) -> RestoreRecord:
    """Prove by the target's own connection that what is live is what was verified; raises RestoreFailed where not."""
    record = read_restore(bucket, target, run)
    if record.state is not RestoreState.SWAPPED or not is_swapped(place.server(target), record):
        raise RestoreFailed(
            f"{record.live} is not the database that this run has restored.", "Look at the names on the server."
        )
    live = Database(place.live)
    if live.oid() != record.oid:
        raise RestoreFailed(
            f"The connection {target.connection} does not lead to the restored {record.live}, but to another server.",
            "Point it, and the application, at the server on which the swap took place.",
        )
    if unreadable := live.unreadable_relations():
        raise RestoreFailed(
            f"{record.live} was swapped, and the role of connection {target.connection} may not read "
            f"{len(unreadable)} of its tables and sequences: {', '.join(unreadable[:_NAMES_SHOWN])}.",
            f"Grant that, or rename it back: the old database is {record.before}.",
        )
    return record


def report_restore(
    target: Target, place: RestorePlace, bucket: Bucket, *, run: str, clock: Callable[[], datetime]
) -> RestoreReport:
    """What that run's restore came to; raises a DbopsError where its record cannot be read."""
    record = read_restore(bucket, target, run)
    database = record.live if record.state is RestoreState.SWAPPED else record.database
    url = str(place.server(target).address(database))
    return RestoreReport(target=target.name, started=record.planned, finished=clock(), record=record, url=url)
