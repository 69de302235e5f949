"""rehearse_due: rehearse the restores of all targets whose turn it is, and be done in time whatever one server does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dbops.domain.restores.rehearsal import RESTORED_ELSEWHERE, Rehearsal, is_due, rehearsal_sentence
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_duration
from dbops.errors import DatabaseError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.rehearsals import read_rehearsal
from dbops.jobs.each_apart import AT_ONCE, each_apart
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.restores.one_a_server import OneAServer
from dbops.jobs.restores.rehearse_restore import keep_unknown, rehearse_restore
from dbops.jobs.restores.restore_place import RestorePlace

_PATIENCE = timedelta(minutes=5)  # longer than everything takes that has a limit of its own

_log = logging.getLogger(__name__)

_Last = tuple[Target, Rehearsal | None]


@dataclass(frozen=True)
class _Due:
    """One to be rehearsed; ``place`` is why it has none where that could not be looked up."""

    target: Target
    place: RestorePlace | Exception

    @property
    def server(self) -> Hashable:
        """Where it is asked; those that have no place take turns, too: they ask only their store."""
        if isinstance(self.place, Exception):
            return None
        admin = self.place.admin
        return admin.host, admin.port, admin.options.get("port")

    def open(self) -> RestorePlace:
        if isinstance(self.place, Exception):
            raise self.place
        return self.place


def rehearse_due(
    targets: Iterable[Target],
    open_bucket: Callable[[Target], Bucket],
    open_place: Callable[[Target], RestorePlace],
    *,
    clock: Callable[[], datetime],
    within: timedelta,
    patience: timedelta = _PATIENCE,
) -> list[str]:
    """Rehearse those that were not rehearsed for longest, and give a line on each; raises nothing.

    Several at a time, but of one server one after another: it has one session of ours, and where it is dead or stuck
    no other waits for it. After ``within`` none is begun any more: the next run goes on with the others. One that is
    not done after ``patience`` is left alone: nobody knows whether it could be restored.
    """
    began = clock()
    asked = [target for target in targets if RESTORED_ELSEWHERE not in target.allow]
    seen = each_apart(asked, lambda target: _last(target, open_bucket(target)), _unread)
    turns = sorted((one for one in seen if one is not None and is_due(one[1], began)), key=_when)
    # A place that cannot be looked up is what the rehearsal of its target finds out.
    due = each_apart(turns, lambda last: _Due(last[0], open_place(last[0])), lambda last, error: _Due(last[0], error))
    at_once = OneAServer[_Due](
        lambda one: f"{one.target.name}: {_rehearsed(one, open_bucket, clock)}",
        lambda one: f"{one.target.name}: {_left_alone(one.target, open_bucket, clock, patience)}",
        threads=AT_ONCE,
        clock=clock,
        patience=patience,
    )
    lines = at_once.run([(one.server, one) for one in due], began + within)
    if left := len(due) - len(lines):
        lines.append(f"{left} more are due: the next run continues with them.")
    return lines


def _last(target: Target, bucket: Bucket) -> _Last | None:
    return target, read_rehearsal(bucket, target)


def _unread(target: Target, error: Exception) -> None:
    # The watch tells of a bucket that cannot be read.
    _log.warning("No restore of %s is rehearsed: %s", target.name, error_in_words(error, "opening its bucket"))


def _when(last: _Last) -> tuple[bool, datetime | None, str]:
    target, rehearsal = last
    return (rehearsal is not None, rehearsal.planned if rehearsal else None, target.name)


def _rehearsed(due: _Due, open_bucket: Callable[[Target], Bucket], clock: Callable[[], datetime]) -> str:
    name = due.target.name
    try:
        found = rehearse_restore(due.target, open_bucket(due.target), due.open, clock=clock)
    except Exception as error:  # noqa: BLE001 - one target must not keep the others from being rehearsed
        return f"not rehearsed: {error_in_words(error, f'a restore of {name} was rehearsed')}"
    if found is None:
        return "there is no good backup that could be restored."
    return " ".join((rehearsal_sentence(name, found), *found.refusals))


def _left_alone(
    target: Target, open_bucket: Callable[[Target], Bucket], clock: Callable[[], datetime], patience: timedelta
) -> str:
    stuck = DatabaseError(
        f"Whoever was asked, the server or the store, has not answered within {format_duration(patience)}.",
        "See whether the server of the database is stuck, and end what holds it.",
    )
    try:
        found = keep_unknown(target, open_bucket(target), stuck, clock)
    except Exception as error:  # noqa: BLE001 - as above
        return f"{stuck} It could not be kept: {error_in_words(error, f'a restore of {target.name} was rehearsed')}"
    return rehearsal_sentence(target.name, found)
