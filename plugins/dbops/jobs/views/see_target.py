"""see_target: everything that a target's page shows, read from its bucket; its database is not touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.views.target_parts import backups_part
from dbops.domain.views.target_view import BackupsPart, Part, TargetView
from dbops.domain.watch.dag_state import DagState
from dbops.domain.watch.reasons import NotKnown
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.target_index.last_indexes import LastIndexes
from dbops.jobs.views.see_index import see_index, see_row, unanswered
from dbops.jobs.views.see_parts import SEEN
from dbops.jobs.views.unseen import why_unseen

_THREADS = 1 + len(Part)  # the opening of the bucket, and each part; the row is the backups'
_READERS = 8


def see_target(
    target: Target,
    open_bucket: Callable[[Target], Bucket],
    dags: Mapping[str, DagState],
    *,
    clock: Callable[[], datetime],
    within: timedelta,
    last: LastIndexes | None = None,
) -> TargetView:
    """The target's row and all parts of its page; ``dags`` are by their ids.

    What cannot be read, or not ``within`` that time, is a sentence in its place; nothing is raised. The row and the
    backups are then those of the ``last`` index, which is kept there for the next look.
    """
    kept = last or LastIndexes()
    pool, readers = ThreadPoolExecutor(_THREADS, "see-target"), ThreadPoolExecutor(_READERS, "see-target-read")
    opening = pool.submit(open_bucket, target)  # once for all of them
    index = pool.submit(see_index, target, lambda _: opening.result(), last=kept, clock=clock)
    looks = {part: pool.submit(_look, part, target, opening, readers) for part in SEEN}
    answered, _ = wait([index, *looks.values()], timeout=within.total_seconds())
    for threads in (pool, readers):
        threads.shutdown(wait=False, cancel_futures=True)
    now = clock()
    before = None if index in answered else kept.of(target)
    seen = index.result() if index in answered else unanswered(target, before, now)
    shown: dict[str, Any] = {
        part.value: look.result() if look in answered else _too_slow(part, target) for part, look in looks.items()
    }
    shown[Part.BACKUPS.value] = _backups(target, before.index if before else seen, now)
    return TargetView(row=see_row(target, seen, dags, now, last=before), seen=now, **shown)


def _look(part: Part, target: Target, opening: Future[Bucket], readers: Executor) -> Any:
    what, see = SEEN[part]
    try:
        return see(target, opening.result(), readers)
    except Exception as error:  # noqa: BLE001 - one part must not hide the others
        return why_unseen(what.format(target.name), error)


def _backups(target: Target, seen: TargetIndex | NotKnown | str, now: datetime) -> BackupsPart | str:
    if isinstance(seen, str):
        return seen
    if isinstance(seen, NotKnown):
        return seen.sentence
    try:
        return backups_part(target, seen, now)
    except Exception as error:  # noqa: BLE001 - as above: somebody else may have written the index
        return why_unseen(f"The backups of {target.name}", error)


def _too_slow(part: Part, target: Target) -> str:
    what, _ = SEEN[part]
    return f"{what.format(target.name)} did not answer in time. Check whether the store is slow, and reload."
