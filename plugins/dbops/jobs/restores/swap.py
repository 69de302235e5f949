"""swap: put a restored, verified database into the place of the live one, which is kept under another name."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.statements import rename_statements, swap_statements
from dbops.errors import BucketError, DatabaseError, PlanChanged, PreflightFailed, RestoreFailed, SwapFailed
from dbops.gateways.server.database import Database
from dbops.gateways.server.database_swap import require_sessions_can_be_ended, swap_databases
from dbops.jobs.approvals.require_approval import Consent, give_back
from dbops.jobs.restores.plan_restore_again import require_unchanged_plan
from dbops.jobs.restores.record_swap import is_swapped, oids_afterwards, record_swap
from dbops.jobs.restores.restore_run import RestoreRun
from dbops.jobs.restores.take_over import require_still_ours

_NAMES_SHOWN = 5
_AGAIN = (
    "Then run the swap again (in Airflow, clear the task): a yes that still counts does not have to be given again."
)
_CHANGED = (
    "Nothing was changed. Look at what has changed. A new run in mode swap with loaded: {} loads nothing again, and "
    "shows the swap as it is now."
)
_WHEN_IT_ANSWERS = (
    "It happened whole or not at all: where it has, the replaced database is kept, called after the live one with "
    "__before_ and the time of this run. Rename nothing by hand. When the store answers, clear this task: it finds "
    "out, and puts a swap that took place on record."
)

log = logging.getLogger(__name__)


def swap(run: RestoreRun, *, consent: Consent | None = None, after_another_try: bool = False) -> RestoreRecord:
    """Swap what that run has restored and verified into place; does nothing where that has happened already.

    ``after_another_try``: an earlier one, which Airflow took for dead, may still be at work; its end is waited for.
    Demands the ``consent`` to the plan that ``plan_swap`` made of it, by default the one on record, where the target's
    file asks for one. Raises a DbopsError, and then both databases are what they were; where that is certain, the yes
    counts for the next attempt. Only where the server went away at the very end nobody knows, and where the store did
    so after it the swap has taken place: the error says so, and the next attempt finds out, or puts it on record.
    """
    server = run.server()
    with server.alone(after_another_try=after_another_try):
        with _saying_what_is_unknown(after_another_try=after_another_try):
            record = run.read()
            require_still_ours(run, record)
        if is_swapped(server, record):
            return record_swap(run, record)  # an earlier attempt has done it
        _require_verified(record)
        digest = record.swap_digest or record.digest
        with _saying_what_stays(record):
            plan = require_unchanged_plan(run, record, digest)
        if server.oid_of(record.database) != record.oid:
            raise PlanChanged(f"The database {record.database} is not the one that was verified.", "Start a new run.")
        _require_readable(run, record)
        in_use = (record.live, record.database)
        with _saying_what_stays(record):
            require_sessions_can_be_ended(server, in_use)  # known before the yes is used up
        versions = server.versions_of(in_use)
        # What no attempt has put on record, none has begun; and while the rows are what they were, none has happened.
        nothing_done = record.approved_by is None or record.versions == versions
        approved_by = (consent or run.consent_on_record(nothing_done=nothing_done))("swap", plan.digest)
        if approved_by is not None:  # on record before it is acted upon
            record = run.put(record.at(record.state, approved_by=approved_by, versions=versions))
        statements = swap_statements(record.live, record.database, record.before, plan.live)
        with _saying_what_stays(record), _giving_back(run):
            swap_databases(server, statements, expected=oids_afterwards(record), in_use=in_use)
        return record_swap(run, record)


@contextmanager
def _saying_what_is_unknown(*, after_another_try: bool) -> Iterator[None]:
    """The last words of an earlier attempt are mailed by nobody: those of the next one are."""
    try:
        yield
    except BucketError as error:
        if after_another_try:
            error.say_first(
                "An earlier attempt of this step has begun, and whether it has swapped is not known before the record "
                "of this run can be read",
                _WHEN_IT_ANSWERS,
            )
        raise


@contextmanager
def _saying_what_stays(record: RestoreRecord) -> Iterator[None]:
    """Hours of loading are not lost: whoever reads the error is told what is left of them, and how to use it."""
    try:
        yield
    except (SwapFailed, PlanChanged) as error:
        before = record.before if record.live_oid is not None else None
        renames = " ".join(f"{statement};" for statement in rename_statements(record.live, record.database, before))
        by_hand = (
            f"{record.database} stays, as it was verified. With the database's credentials you can also put it into "
            "place by hand, in one transaction, without connections to either (docs/runbooks/restore-by-hand.md, "
            f"step 9): {renames}"
        )
        error.remedy = f"{_how_to_go_on(error, record)} {by_hand}"
        raise


def _how_to_go_on(error: SwapFailed | PlanChanged, record: RestoreRecord) -> str:
    if isinstance(error, PlanChanged):
        return _CHANGED.format(record.database)
    return " ".join(filter(None, (error.remedy, _AGAIN)))


@contextmanager
def _giving_back(run: RestoreRun) -> Iterator[None]:
    """Let the yes count for the next attempt, where it is certain that this one has changed nothing."""
    try:
        yield
    except SwapFailed as error:
        if not error.is_certain:
            raise
        try:
            give_back(run.bucket, run.target, run=run.name, action="swap", clock=run.clock, reason=error.what)
        except BucketError as refused:
            log.warning("The yes to this swap is not given back, and still counts as used: %s", refused)
        raise


def _require_verified(record: RestoreRecord) -> None:
    if record.request.mode != "swap":
        raise PlanChanged(
            f"The plan of this run is to restore {record.request.mode}, not to swap.",
            "Start a new run, and ask for it.",
        )
    if record.state is RestoreState.SWAPPED:
        raise PlanChanged(
            f"{record.database} was swapped into place by this run, and no longer exists.",
            "Somebody has renamed databases since; start a new run.",
        )
    if record.state is not RestoreState.VERIFIED or record.verification is None or not record.verification.ok:
        raise RestoreFailed(
            f"{record.database} has not passed verification, so it was not swapped in.",
            "Nothing live was touched. Clear the task verify, or start a new run.",
        )


def _require_readable(run: RestoreRun, record: RestoreRecord) -> None:
    """What the target's own role could not read is better noticed while the old database is live."""
    try:
        unreadable = Database(replace(run.place.live, database=record.database)).unreadable_relations()
    except DatabaseError:
        return  # the server may let this role into no database but the live one; the post-check looks again
    if unreadable:
        raise PreflightFailed(
            f"The role of connection {run.target.connection} may not read {len(unreadable)} of its tables and "
            f"sequences: {', '.join(unreadable[:_NAMES_SHOWN])}.",
            f"Nothing live was touched. Grant that in {record.database}, and start the swap again.",
        )
