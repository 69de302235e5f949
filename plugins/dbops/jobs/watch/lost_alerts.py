"""lost_alerts: the alerts that a notifier or the mail server did not take, as problems that the watch tells of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from dbops.domain.target import Target
from dbops.domain.watch.notification import LostAlerts, Notification, is_outdated, untaken
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.notifications import delete_notification, kept_notifications
from dbops.jobs.error_in_words import error_in_words

_log = logging.getLogger(__name__)

_THREADS = 8


def lost_alerts(targets: Iterable[Target], open_bucket: Callable[[Target], Bucket], now: datetime) -> list[LostAlerts]:
    """Of every target that names anybody; what has been told for a week is deleted.

    A bucket that cannot be looked at is told of by the watch itself.
    """
    telling = [target for target in targets if target.audience]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="lost alerts") as pool:
        return [lost for each in pool.map(lambda target: _lost(target, open_bucket, now), telling) for lost in each]


def _lost(target: Target, open_bucket: Callable[[Target], Bucket], now: datetime) -> list[LostAlerts]:
    try:
        bucket = open_bucket(target)
        kept = list(kept_notifications(bucket, target))
    except Exception as error:  # noqa: BLE001 - one target must not hide the lost alerts of all the others
        _log.warning("Of the alerts of %s nothing is known: %s", target.name, error_in_words(error, "looking at them"))
        return []
    _sweep(bucket, target, [notification for notification in kept if is_outdated(notification, now)])
    return untaken(target, kept, now)


def _sweep(bucket: Bucket, target: Target, outdated: Iterable[Notification]) -> None:
    try:
        for notification in outdated:
            delete_notification(bucket, target, notification)
    except Exception as error:  # noqa: BLE001 - what may not be deleted must not hide what was lost since
        said = error_in_words(error, "deleting outdated alerts")
        _log.warning("Alerts of %s that were told for a week are still kept: %s", target.name, said)
