"""see_index: the short form of one target's bucket, or in words why there is none to show; and the row it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.views.overview import OverviewRow, overview_row
from dbops.domain.watch.dag_state import DagState, dags_of
from dbops.domain.watch.reasons import NotKnown
from dbops.domain.words.quantities import format_ago
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.target_indexes import read_index
from dbops.jobs.target_index.last_indexes import LastIndex, LastIndexes
from dbops.jobs.views.unseen import cannot_be_shown, why_unseen


def see_index(
    target: Target,
    open_bucket: Callable[[Target], Bucket],
    *,
    tags: Mapping[str, str] | str | None = None,
    last: LastIndexes,
    clock: Callable[[], datetime],
) -> TargetIndex | NotKnown | str:
    """With one small read, or none where the last one still has its tag by ``tags``, those of its folder.

    NotKnown where none was written yet, a sentence where it cannot be read. Raises nothing. What was seen is kept as
    the ``last``, also when it comes too late for whoever looks.
    """
    if isinstance(tags, str):  # why there are none
        return cannot_be_shown(_place(target), tags)
    tag = tags.get(target.name, "") if tags is not None else ""
    if tags is not None and target.name not in tags:
        seen: TargetIndex | NotKnown | str = _none_yet(target)
    else:
        seen = last.tagged(target, tag) or _read_index(target, open_bucket)
    last.keep(target, seen, clock(), tag)
    return seen


def unanswered(target: Target, last: LastIndex | None, now: datetime) -> NotKnown:
    """What is known of a target whose store has not answered in time; ``last`` is what is judged instead."""
    instead = f": what is shown of it was read {format_ago(last.read, now)}" if last else ""
    return NotKnown(f"{_place(target)} did not answer in time{instead}. Check whether the store is slow, and reload.")


def unreachable(target: Target) -> str:
    """What is known of a target whose store has not answered in time where everything else that was asked of it failed.

    How it failed for other targets is theirs to be told: not everybody may see them.
    """
    return f"{_place(target)} did not answer in time, and whatever else was asked of the same store failed."


def see_row(
    target: Target,
    seen: TargetIndex | NotKnown | str,
    dags: Mapping[str, DagState],
    now: datetime,
    *,
    last: LastIndex | None = None,
) -> OverviewRow:
    """The target's row by what was seen of it, or by the ``last`` index where the store has not answered.

    ``dags`` are by their ids. Raises nothing.
    """
    own = dags_of(target.name, dags)
    try:
        if isinstance(seen, NotKnown) and last is not None:
            return overview_row(target, last.index, own, now, doubt=seen)
        return overview_row(target, seen, own, now)
    except Exception as error:  # noqa: BLE001 - an index that somebody else wrote must not hide the other targets
        return overview_row(target, why_unseen(_place(target), error), own, now)


def _read_index(target: Target, open_bucket: Callable[[Target], Bucket]) -> TargetIndex | NotKnown | str:
    try:
        index = read_index(open_bucket(target), target)
    except Exception as error:  # noqa: BLE001 - one target must not hide all the others
        return why_unseen(_place(target), error)
    return index or _none_yet(target)


def _none_yet(target: Target) -> NotKnown:
    return NotKnown(
        f"Nothing is known about {target.name} yet: s3://{target.storage.bucket}/{Layout(target.root).index} is "
        "missing, or of another version. The next run of the DAG watch writes it; start one now if you do not want "
        "to wait."
    )


def _place(target: Target) -> str:
    return f"The bucket of {target.name}, s3://{target.storage.bucket}/{target.root},"
