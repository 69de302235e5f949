"""see_targets: one look at every target, from the short form of its bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from dbops.domain.dag_state import DagState
from dbops.domain.fault import Fault
from dbops.domain.overview import Overview, worst_first
from dbops.domain.target import Target
from dbops.gateways.bucket import Bucket
from dbops.jobs.see_index import see_index, see_row, unanswered

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
) -> Overview:
    """Every target's row, worst first, with one small read a target; ``dags`` are by their ids.

    What has not answered ``within`` that time is not known, and its row says so. Nothing is raised for a target.
    A read that hangs is left alone, and ends by the time limits of its bucket.
    """
    pools = _pools(targets)
    looks = {target.name: pools[_store(target)].submit(see_index, target, open_bucket) for target in targets}
    answered, _ = wait(looks.values(), timeout=within.total_seconds())
    for pool in pools.values():
        pool.shutdown(wait=False, cancel_futures=True)
    now = clock()
    rows = [
        see_row(target, look.result() if (look := looks[target.name]) in answered else unanswered(target), dags, now)
        for target in targets
    ]
    return Overview(rows=tuple(worst_first(rows)), faults=tuple(faults), seen=now)


def _pools(targets: Sequence[Target]) -> dict[tuple[str, str], ThreadPoolExecutor]:
    """Each store has threads of its own: one that hangs stands in no other's way."""
    stores = {_store(target) for target in targets}
    threads = max(1, min(_THREADS_A_STORE, _THREADS // max(1, len(stores))))
    return {store: ThreadPoolExecutor(threads, "see-targets") for store in stores}


def _store(target: Target) -> tuple[str, str]:
    return target.storage.connection, target.storage.bucket
