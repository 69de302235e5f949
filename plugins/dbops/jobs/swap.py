"""swap: put a restored, verified database into the place of the live one, which is kept under another name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dbops.domain.restore_record import RestoreRecord, RestoreState
from dbops.domain.target import Target
from dbops.errors import PlanChanged, RestoreFailed
from dbops.gateways.audit import write_audit
from dbops.gateways.bucket import Bucket
from dbops.gateways.database_server import DatabaseServer
from dbops.gateways.database_swap import swap_databases
from dbops.gateways.restores import put_restore, read_restore
from dbops.jobs.plan_restore import require_unchanged_plan, swap_statements
from dbops.jobs.require_approval import require_approval
from dbops.jobs.restore_place import RestorePlace


def swap(
    target: Target,
    place: RestorePlace,
    bucket: Bucket,
    *,
    run: str,
    clock: Callable[[], datetime],
    programs: Path | None = None,
) -> RestoreRecord:
    """Swap what that run has restored and verified into place; does nothing where that has happened already.

    Demands the approval of ``swap`` to this very plan, where the target's file asks for one. Raises a DbopsError, and
    then both databases are what they were.
    """
    record = read_restore(bucket, target, run)
    server = place.server(target)
    with server.alone():
        if is_swapped(server, record):
            return _keep(target, bucket, record, clock())
        _require_verified(record)
        plan = require_unchanged_plan(target, place, bucket, record, programs=programs)
        if server.oid_of(record.database) != record.oid:
            raise PlanChanged(f"The database {record.database} is not the one that was verified.", "Start a new run.")
        approval = require_approval(bucket, target, run=run, action="swap", digest=plan.digest, clock=clock)
        if approval is not None:  # on record before it is acted upon: the next attempt does not see it again
            record = put_restore(bucket, target, record.at(record.state, approved_by=approval.answered_by))
        statements = tuple(swap_statements(record.live, record.database, record.before, plan.live))
        expected = _oids_afterwards(record)
        swap_databases(server, statements, expected=expected, in_use=(record.live, record.database))
        return _keep(target, bucket, record, clock())


def is_swapped(server: DatabaseServer, record: RestoreRecord) -> bool:
    """Whether the names are what this restore's swap makes them."""
    if record.request.mode != "swap" or record.oid is None:
        return False
    return all(server.oid_of(name) == oid for name, oid in _oids_afterwards(record).items())


def _oids_afterwards(record: RestoreRecord) -> dict[str, int]:
    assert record.oid is not None  # noqa: S101 - it was verified
    old = {record.before: record.live_oid} if record.before and record.live_oid is not None else {}
    return {record.live: record.oid, **old}


def _require_verified(record: RestoreRecord) -> None:
    if record.request.mode != "swap":
        raise PlanChanged(
            f"The plan of this run is to restore {record.request.mode}, not to swap.",
            "Start a new run, and ask for it.",
        )
    if record.state is RestoreState.SWAPPED:
        raise PlanChanged(
            f"{record.database} was swapped into place by this run, and is not there any more.",
            "Somebody has renamed databases since; start a new run.",
        )
    if record.state is not RestoreState.VERIFIED or record.verification is None or not record.verification.ok:
        raise RestoreFailed(
            f"{record.database} is not verified, so that it does not become live.", "Nothing live was touched."
        )


def _keep(target: Target, bucket: Bucket, record: RestoreRecord, now: datetime) -> RestoreRecord:
    if record.state is RestoreState.SWAPPED:
        return record
    swapped = put_restore(bucket, target, record.at(RestoreState.SWAPPED, swapped=now))
    facts = {
        "run": record.run,
        "backup_id": record.backup_id,
        "digest": record.digest,
        "live": record.live,
        "before": record.before,
        "approved_by": swapped.approved_by,
    }
    write_audit(bucket, target, now, "swap", facts)
    return swapped
