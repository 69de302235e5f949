"""rehearse_due: rehearse the restores of all targets whose turn it is, one after another, and be done in time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from dbops.domain.restores.rehearsal import RESTORED_ELSEWHERE, Rehearsal, is_due, rehearsal_sentence
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.rehearsals import read_rehearsal
from dbops.jobs.each_apart import each_apart
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.restores.rehearse_restore import rehearse_restore
from dbops.jobs.restores.restore_place import RestorePlace

_log = logging.getLogger(__name__)

_Last = tuple[Target, Rehearsal | None]


def rehearse_due(
    targets: Iterable[Target],
    open_bucket: Callable[[Target], Bucket],
    open_place: Callable[[Target], RestorePlace],
    *,
    clock: Callable[[], datetime],
    within: timedelta,
) -> list[str]:
    """Rehearse those that were not rehearsed for longest, and give a line on each; raises nothing.

    After ``within`` none is begun any more: the next run goes on with the others.
    """
    began = clock()
    asked = [target for target in targets if RESTORED_ELSEWHERE not in target.allow]
    seen = each_apart(asked, lambda target: _last(target, open_bucket(target)), _unread)
    due = sorted((one for one in seen if one is not None and is_due(one[1], began)), key=_when)
    lines: list[str] = []
    for target, _ in due:
        if clock() - began >= within:
            lines.append(f"{len(due) - len(lines)} more are due: the next run goes on with them.")
            break
        lines.append(f"{target.name}: {_rehearsed(target, open_bucket, open_place, clock)}")
    return lines


def _last(target: Target, bucket: Bucket) -> _Last | None:
    return target, read_rehearsal(bucket, target)


def _unread(target: Target, error: Exception) -> None:
    # The watch tells of a bucket that cannot be read.
    _log.warning("No restore of %s is rehearsed: %s", target.name, error_in_words(error, "opening its bucket"))


def _when(last: _Last) -> tuple[bool, datetime | None, str]:
    target, rehearsal = last
    return (rehearsal is not None, rehearsal.planned if rehearsal else None, target.name)


def _rehearsed(
    target: Target,
    open_bucket: Callable[[Target], Bucket],
    open_place: Callable[[Target], RestorePlace],
    clock: Callable[[], datetime],
) -> str:
    try:
        found = rehearse_restore(target, open_bucket(target), lambda: open_place(target), clock=clock)
    except Exception as error:  # noqa: BLE001 - one target must not keep the others from being rehearsed
        return f"not rehearsed: {error_in_words(error, f'a restore of {target.name} was rehearsed')}"
    if found is None:
        return "there is no good backup that could be restored."
    return " ".join((rehearsal_sentence(target.name, found), *found.refusals))
