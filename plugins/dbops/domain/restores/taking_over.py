"""Taking over: whether a new run may swap in what an earlier one has loaded, by that one's record.

A record lies in a bucket, where whoever may write can change it. So what follows from it is shown, is asked of the
server, and is proven anew before anything is swapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.taken_over import TakenOver
from dbops.errors import InvalidRequest

_LOAD = "Start a new run that loads: one without loaded."
_GOES_ON = "Wait until it has ended; or clear its red task, and it continues. Or start a new run that loads."
_NOT_YET = {
    RestoreState.PLANNED: ("has loaded nothing", _LOAD),
    RestoreState.LOADING: ("is loading, or died while loading", _GOES_ON),
    RestoreState.LOADED: ("has not verified what it has loaded", _GOES_ON),
    RestoreState.ANALYZED: ("has not verified what it has loaded", _GOES_ON),
    RestoreState.FAILED: ("has found that what it loaded is not what the backup holds", _LOAD),
    RestoreState.SWAPPED: ("has already swapped in what it loaded", _LOAD),
}


def take_from(record: RestoreRecord) -> TakenOver:
    """What a new run takes over from the one of that record; raises InvalidRequest where there is nothing to take.

    One that has itself taken it over, and did not come to its verdict, is no obstacle: the proof before that holds.
    """
    if not record.is_of_a_whole_database:
        raise InvalidRequest(
            f"The run {record.run} has not restored a whole database beside the live one, so there is nothing to "
            "swap in.",
            _LOAD,
        )
    before = record.request.takes_over
    if record.state is RestoreState.VERIFIED and record.verification and record.verification.ok and record.oid:
        return TakenOver(
            run=record.run,
            loaded_by=before.loaded_by if before else record.run,
            planned=before.planned if before else record.planned,
            oid=record.oid,
            verified=record.verification.finished,
            verify_seconds=record.verification.verify_seconds,
        )
    if before and record.state in {RestoreState.LOADING, RestoreState.ANALYZED}:
        return TakenOver(
            run=record.run,
            loaded_by=before.loaded_by,
            planned=before.planned,
            oid=before.oid,
            verified=before.verified,
            verify_seconds=before.verify_seconds,
        )
    what, remedy = _NOT_YET.get(record.state, _NOT_YET[RestoreState.ANALYZED])
    if before and record.state is RestoreState.PLANNED:
        what, remedy = "has only planned to take it over", f"Take it over from the run {before.run}."
    raise InvalidRequest(f"The run {record.run} {what}, so nothing can be taken over from it.", remedy)


def successor(run: str, records: Iterable[RestoreRecord]) -> RestoreRecord | None:
    """The restore that has taken over from that run; None where none has. A plan to do so is none."""
    return next((each for each in records if _takes_from(run, each)), None)


def loaders(database: str, records: Sequence[RestoreRecord]) -> list[RestoreRecord]:
    """The restores whose the database of that name is: who has handed it on is not among them. There should be one."""
    having = [
        each
        for each in records
        if each.database == database and each.is_of_a_whole_database and each.state is not RestoreState.PLANNED
    ]
    return [each for each in having if successor(each.run, having) is None]


def _takes_from(run: str, record: RestoreRecord) -> bool:
    taken = record.request.takes_over
    return taken is not None and taken.run == run and record.run != run and record.state is not RestoreState.PLANNED
