"""record_swap: put on record that a restored database is live, which it is whether or not the store can be written."""

from __future__ import annotations

from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.errors import BucketError
from dbops.gateways.server.database_server import DatabaseServer
from dbops.gateways.store.audit import write_run_audit
from dbops.jobs.restores.restore_run import RestoreRun

_WHEN_IT_ANSWERS = (
    "When the store answers, clear this task: it writes the record, and swaps nothing. So does a new run, also from a "
    "shell, in mode swap with loaded: {}."
)


def record_swap(run: RestoreRun, record: RestoreRecord) -> RestoreRecord:
    """Put it on record, and give that back; does nothing where it is. For who knows that it took place.

    Raises BucketError, which says that it did: called again, this writes what is missing, and nothing twice.
    """
    if record.state is RestoreState.SWAPPED:
        return record
    now = run.clock()
    facts = {
        "run": record.run,
        "requested_by": record.requested_by,
        "backup_id": record.backup_id,
        "digest": record.swap_digest or record.digest,
        "live": record.live,
        "before": record.before,
        "approved_by": record.approved_by,
    }
    try:
        # The state last: whoever finds it does not ask for the audit.
        write_run_audit(run.bucket, run.target, now, "swap", facts, since=record.planned)
        return run.put(record.at(RestoreState.SWAPPED, swapped=now))
    except BucketError as error:
        kept = f" The one that it has replaced is kept as {record.before}." if record.live_oid is not None else ""
        error.say_first(
            f"The swap took place: {record.live} is the restored database, and was {record.database}.{kept} Only the "
            "record of it is not complete",
            _WHEN_IT_ANSWERS.format(record.database),
        )
        raise


def is_swapped(server: DatabaseServer, record: RestoreRecord) -> bool:
    """Whether the names are what this restore's swap makes them."""
    if record.request.mode != "swap" or record.oid is None or server.oid_of(record.database) is not None:
        return False
    return all(server.oid_of(name) == oid for name, oid in oids_afterwards(record).items())


def oids_afterwards(record: RestoreRecord) -> dict[str, int]:
    """Which database each name leads to when it has taken place; for a record that has one which was loaded."""
    assert record.oid is not None  # noqa: S101 - it was verified
    old = {record.before: record.live_oid} if record.before and record.live_oid is not None else {}
    return {record.live: record.oid, **old}
