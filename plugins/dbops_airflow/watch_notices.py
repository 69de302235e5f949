"""Watch notices: what the watch is told of alerts that do not reach people, beside what it sees of the databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from dbops.domain.notification import notifier_problem, untaken
from dbops.domain.promises import Problem
from dbops.domain.target import Target
from dbops.errors import DbopsError
from dbops.gateways.bucket import Bucket
from dbops.gateways.notifications import last_notifications
from dbops.gateways.notifier_files import read_notifiers, unknown_notifiers
from dbops_airflow.notifier_classes import class_faults

_THREADS = 8


def notices(
    include: Path, targets: Mapping[str, Target], open_bucket: Callable[[Target], Bucket], now: datetime
) -> list[Problem]:
    """The notifiers that cannot be made, the names that nobody describes, and the alerts that were not taken."""
    files = read_notifiers(include)
    faults = (
        *files.faults,
        *unknown_notifiers(include, targets.values(), files),
        *class_faults(files.notifiers.values()),
    )
    using = [target for target in targets.values() if target.alerts.notify]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="notices") as pool:
        lost = list(pool.map(lambda target: _lost(target, open_bucket, now), using))
    return [*map(notifier_problem, faults), *(problem for each in lost for problem in each)]


def _lost(target: Target, open_bucket: Callable[[Target], Bucket], now: datetime) -> list[Problem]:
    try:
        last = list(last_notifications(open_bucket(target), target))
    except DbopsError:
        return []  # that this bucket cannot be looked at is a problem of its own
    return [problem for one in last if (problem := untaken(target, one, now)) is not None]
