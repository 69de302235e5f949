"""lost_alerts: the alerts that a notifier or the mail server did not take, as problems that the watch tells of."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from dbops.domain.target import Target
from dbops.domain.watch.notification import LostAlerts, Notification, is_outdated, untaken
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.notifications import delete_notification
from dbops.jobs.each_apart import each_apart
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.watch.read_left import Left

_log = logging.getLogger(__name__)

_Outdated = tuple[Target, list[Notification]]


def lost_alerts(left: Left, open_bucket: Callable[[Target], Bucket], now: datetime) -> list[LostAlerts]:
    """Of each target, among what its tasks have left; what has been told for a week is deleted."""
    outdated = [(target, [alert for alert in its.alerts if is_outdated(alert, now)]) for target, its in left]

    def sweep(of: _Outdated) -> None:
        target, alerts = of
        bucket = open_bucket(target)
        for alert in alerts:
            delete_notification(bucket, target, alert)

    each_apart([of for of in outdated if of[1]], sweep, _still_kept)
    return [lost for target, its in left for lost in untaken(target, its.alerts, now)]


def _still_kept(of: _Outdated, error: Exception) -> None:
    # What may not be deleted does not hide what was lost since.
    said = error_in_words(error, "deleting outdated alerts")
    _log.warning("Alerts of %s that were reported for a week are still kept: %s", of[0].name, said)
