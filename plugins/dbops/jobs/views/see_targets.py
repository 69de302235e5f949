"""see_targets: one look at every target, from the short forms that lie in the buckets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import suppress
from datetime import datetime, timedelta

from dbops.domain.fault import Fault
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.views.overview import Overview, OverviewRow, worst_first
from dbops.domain.watch.dag_state import DagState
from dbops.domain.watch.reasons import NotKnown
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.target_index.index_folders import index_folders
from dbops.jobs.target_index.last_indexes import LastIndexes
from dbops.jobs.views.see_folder import see_folder
from dbops.jobs.views.see_index import see_index, see_row, unanswered, unreachable

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

    It is one listing for all targets of a folder, if more than a few, and reads what has changed since the ``last``
    look: many at once, in one object, the others one by one.
    What has not answered ``within`` that time is judged by its ``last`` index, which is kept there for the next look;
    where there is none it is not known. Its row says so. Where a store has only failed so far, it has failed for those
    that still wait, too. Nothing is raised for a target. A read that hangs is left alone, and ends by the time limits
    of its bucket.
    """
    kept = last or LastIndexes()
    pools, until = _pools(targets), time.monotonic() + within.total_seconds()

    def look(target: Target, tags: Mapping[str, str] | str | None) -> Future[TargetIndex | NotKnown | str]:
        return pools[_store(target)].submit(see_index, target, open_bucket, tags=tags, last=kept, clock=clock)

    folders = {
        pools[_store(folder[0])].submit(see_folder, folder, open_bucket, last=kept, clock=clock): folder
        for folder in index_folders(targets)
    }
    listed = {target.name for folder in folders.values() for target in folder}
    looks = {target.name: look(target, None) for target in targets if target.name not in listed}
    with suppress(TimeoutError):  # of those whose folder does not answer there is no look
        for folder in as_completed(folders, within.total_seconds()):
            looks |= {target.name: look(target, folder.result()) for target in folders[folder]}
    answered, _ = wait(looks.values(), timeout=max(0.0, until - time.monotonic()))
    for pool in pools.values():
        pool.shutdown(wait=False, cancel_futures=True)
    now = clock()
    seen = {target.name: looks[target.name].result() for target in targets if looks.get(target.name) in answered}
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
