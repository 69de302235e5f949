"""take_over: let a run swap in what an earlier one has loaded and verified, which then is no longer that one's.

Whose it is follows from the records: that run's which says that it has taken it over, and from which no other has.
Steps ask for it while they hold the lock of the live database, so that no two can act upon it.
"""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.restores.taking_over import loaders, successor, take_from
from dbops.errors import InvalidRequest, PlanChanged
from dbops.gateways.server.database_server import DatabaseServer
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.restores import all_restores
from dbops.jobs.restores.record_swap import is_swapped, record_swap
from dbops.jobs.restores.restore_run import RestoreRun

_LOAD = "Start a new run that loads: one without loaded."


def request_of_loaded(run: RestoreRun, request: RestoreRequest, *, keep: bool) -> RestoreRequest:
    """The same, with what its ``loaded`` turns out to be: a run, or the database that one has loaded.

    Raises InvalidRequest where there is no such thing, or it cannot be taken over, and PlanChanged where the earlier
    run's record was edited. With ``keep``, that it is swapped in already is put on record where that lacks.
    """
    if request.loaded is None:
        return request
    earlier = _find(run, request.loaded)
    taken = take_from(earlier)
    _require_free(run, earlier)
    server = run.server()
    found = server.oid_of(earlier.database)
    if is_swapped(server, earlier):
        raise _swapped_already(run, server, earlier, keep=keep)
    if found != taken.oid:
        what = "no longer exists" if found is None else "is no longer the same one"
        raise InvalidRequest(
            f"The database {earlier.database}, which the run {earlier.run} has verified, {what}.", _LOAD
        )
    return replace(request, backup_id=earlier.backup_id, loaded=None, takes_over=taken)


def _swapped_already(run: RestoreRun, server: DatabaseServer, earlier: RestoreRecord, *, keep: bool) -> InvalidRequest:
    """The store went away right after that run's swap, and nobody has cleared its task since."""
    what = f"The run {earlier.run} has swapped {earlier.database} in already: it is {earlier.live}"
    if not keep:
        return InvalidRequest(f"{what}. Its record does not say so yet.", "Start this run: it writes that record.")
    with server.alone():
        of_it = replace(run, name=earlier.run)
        record_swap(of_it, of_it.read())
    return InvalidRequest(f"{what}. Its record did not say so, and does now.", "Nothing else is left to be done.")


def require_can_be_taken_over(run: RestoreRun, server: DatabaseServer, record: RestoreRecord) -> RestoreRecord | None:
    """The record of the run from which that one takes over; None where it does not take over anything.

    For who holds the lock of the live database. Raises InvalidRequest, and PlanChanged where it is not as planned.
    """
    taken = record.request.takes_over
    if taken is None:
        return None
    earlier = replace(run, name=taken.run).read()
    _require_free(run, earlier)
    now = (take_from(earlier).oid, earlier.database, earlier.backup_id, server.oid_of(record.database))
    if now != (taken.oid, record.database, record.backup_id, taken.oid):
        raise PlanChanged(
            f"The database {record.database} is not the one that was to be taken over from the run {taken.run}: it "
            "has since been dropped, renamed or recreated.",
            f"Nothing was changed. {_LOAD}",
        )
    return earlier


def take_over(run: RestoreRun, record: RestoreRecord, earlier: RestoreRecord) -> RestoreRecord:
    """Put on record that what that earlier run has loaded is this one's now, and return that; raises BucketError.

    What comes next is its verification, for its statistics it has. For who holds the lock, and has been allowed to.
    """
    record = run.put(record.at(RestoreState.LOADING))
    facts = {
        "run": record.run,
        "requested_by": record.requested_by,
        "backup_id": record.backup_id,
        "database": record.database,
        "oid": record.oid,
        "from": earlier.run,
        "digest": record.digest,
    }
    write_audit(run.bucket, run.target, run.clock(), "take-over", facts)
    return run.put(
        record.at(
            RestoreState.ANALYZED,
            downloaded=earlier.downloaded,
            load_seconds=earlier.load_seconds,
            complaints=earlier.complaints,
            settings_left_out=earlier.settings_left_out,
            analyze_seconds=earlier.analyze_seconds,
            loaded_bytes=earlier.loaded_bytes,
        )
    )


def require_still_ours(run: RestoreRun, record: RestoreRecord) -> None:
    """Raise PlanChanged where another run has taken over what that one has loaded."""
    if record.is_of_a_whole_database and (other := _successor(run, record.run)):
        raise PlanChanged(
            f"The run {other.run} has taken over {record.database}, so the run {record.run} does not swap it in.",
            "Nothing was changed. Continue with that run.",
        )


def _find(run: RestoreRun, given: str) -> RestoreRecord:
    named = replace(run, name=given)
    if named.find() is not None:
        return named.read()
    having = loaders(given, list(all_restores(run.bucket, run.target)))
    if len(having) == 1:
        return replace(run, name=having[0].run).read()
    if having:
        names = ", ".join(each.run for each in having)
        raise InvalidRequest(
            f"Several runs claim to have loaded the database {given}: {names}.", "Name the run instead."
        )
    raise InvalidRequest(
        f"No restore run of {run.target.name} is called {given}, and none has loaded a database of that name.",
        f"Its report and its mails have both names. {_LOAD}",
    )


def _require_free(run: RestoreRun, earlier: RestoreRecord) -> None:
    if other := _successor(run, earlier.run):
        raise InvalidRequest(
            f"The run {other.run} has taken over {earlier.database} from the run {earlier.run} already.",
            f"Continue with that run; or take it over from that one, with loaded: {other.run}.",
        )


def _successor(run: RestoreRun, name: str) -> RestoreRecord | None:
    others = (each for each in all_restores(run.bucket, run.target) if each.target == run.target.name)
    return successor(name, (each for each in others if each.run != run.name))
