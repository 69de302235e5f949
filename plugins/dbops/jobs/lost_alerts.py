"""lost_alerts: the alerts that a notifier did not take, as problems that the watch tells of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from dbops.domain.notification import untaken
from dbops.domain.promises import Problem
from dbops.domain.target import Target
from dbops.gateways.bucket import Bucket
from dbops.gateways.notifications import last_notifications
from dbops.jobs.error_in_words import error_in_words

_log = logging.getLogger(__name__)

_THREADS = 8


def lost_alerts(targets: Iterable[Target], open_bucket: Callable[[Target], Bucket], now: datetime) -> list[Problem]:
    """Of every target that uses notifiers; a bucket that cannot be looked at is told of by the watch itself."""
    using = [target for target in targets if target.alerts.notify]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="lost alerts") as pool:
        return [problem for lost in pool.map(lambda target: _lost(target, open_bucket, now), using) for problem in lost]


def _lost(target: Target, open_bucket: Callable[[Target], Bucket], now: datetime) -> list[Problem]:
    try:
        last = list(last_notifications(open_bucket(target), target))
    except Exception as error:  # noqa: BLE001 - one target must not hide the lost alerts of all the others
        _log.warning("Of the alerts of %s nothing is known: %s", target.name, error_in_words(error, "looking at them"))
        return []
    return [problem for one in last if (problem := untaken(target, one, now)) is not None]
