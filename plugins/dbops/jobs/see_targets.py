"""see_targets: one look at every target, from the short forms that lie in the buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from dbops.domain.dag_state import DagState
from dbops.domain.fault import Fault
from dbops.domain.overview import Overview, OverviewRow, worst_first
from dbops.domain.reasons import NotKnown
from dbops.domain.target import Target
from dbops.domain.target_index import TargetIndex
from dbops.gateways.bucket import Bucket
from dbops.jobs.index_folders import index_folders
from dbops.jobs.last_indexes import LastIndexes
from dbops.jobs.see_folder import SeenFolder, see_folder
from dbops.jobs.see_index import see_index, see_row, unanswered, unreachable

_THREADS = 32  # altogether, where there are fewer stores than that
_THREADS_A_STORE = 16


def see_targets(
    targets: Sequence[Target],
    faults: Sequence[Fault],
    open_bucket: Callable[[Target], Bucket],
    dags: Mapping[str, DagState],
    *,
    clock: Callable[[], datetime],
    within: timedelta,
    last: LastIndexes | None = None,
) -> Overview:
    """Every target's row, worst first; ``dags`` are by their ids.

    It is one listing for all targets of a folder, and reads what has changed since the ``last`` look: a few one by one,
    many at once, in one object, and of that one by one what is newer.
    What has not answered ``within`` that time is judged by its ``last`` index, which is kept there for the next look;
    where there is none it is not known. Its row says so. Where a store has only failed so far, it has failed for those
    that still wait, too. Nothing is raised for a target. A read that hangs is left alone, and ends by the time limits
    of its bucket.
    """
    kept = last or LastIndexes()
    pools = _pools(targets)
    folders = [
        (folder, pools[_store(folder[0])].submit(see_folder, folder, open_bucket, kept))
        for folder in index_folders(targets)
    ]
    # All of a pool's folders are begun by now, or stand in line before what waits for them.
    looks = {
        target.name: pools[_store(target)].submit(_look, target, open_bucket, folder_seen, kept, clock)
        for folder, folder_seen in folders
        for target in folder
    }
    answered, _ = wait(looks.values(), timeout=within.total_seconds())
    for pool in pools.values():
        pool.shutdown(wait=False, cancel_futures=True)
    now = clock()
    seen = {target.name: look.result() for target in targets if (look := looks[target.name]) in answered}
    dead = _dead(targets, seen)

    def row_of(target: Target) -> OverviewRow:
        if target.name in seen:
            return see_row(target, seen[target.name], dags, now)
        if _store(target) in dead:
            return see_row(target, unreachable(target), dags, now)
        before = kept.of(target)
        return see_row(target, unanswered(target, before, now), dags, now, last=before)

    rows = [row_of(target) for target in targets]
    return Overview(rows=tuple(worst_first(rows)), faults=tuple(faults), seen=now)


def _look(
    target: Target,
    open_bucket: Callable[[Target], Bucket],
    folder: Future[SeenFolder | str],
    last: LastIndexes,
    clock: Callable[[], datetime],
) -> TargetIndex | NotKnown | str:
    return see_index(target, open_bucket, folder=folder.result(), last=last, clock=clock)


def _dead(targets: Sequence[Target], seen: Mapping[str, TargetIndex | NotKnown | str]) -> set[tuple[str, str]]:
    """The stores that have failed, and have answered nobody: one that refuses a single target is not dead."""
    failed = {_store(target) for target in targets if isinstance(seen.get(target.name), str)}
    alive = {_store(target) for target in targets if isinstance(seen.get(target.name), TargetIndex | NotKnown)}
    return failed - alive


def _pools(targets: Sequence[Target]) -> dict[tuple[str, str], ThreadPoolExecutor]:
    """Each store has threads of its own: one that hangs stands in no other's way."""
    stores = {_store(target) for target in targets}
    threads = max(1, min(_THREADS_A_STORE, _THREADS // max(1, len(stores))))
    return {store: ThreadPoolExecutor(threads, "see-targets") for store in stores}


def _store(target: Target) -> tuple[str, str]:
    return target.storage.connection, target.storage.bucket
