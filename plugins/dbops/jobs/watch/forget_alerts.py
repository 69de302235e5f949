"""forget_alerts: alerts that were not taken are kept no longer, once they have been told after all."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dbops.domain.target import Target
from dbops.domain.watch.notification import LostAlerts
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.notifications import delete_notification
from dbops.jobs.error_in_words import error_in_words

_log = logging.getLogger(__name__)


def forget_alerts(lost: LostAlerts, target: Target, open_bucket: Callable[[Target], Bucket]) -> None:
    """Delete exactly these: what was lost meanwhile is told by the next watch. What cannot be deleted is told again."""
    try:
        bucket = open_bucket(target)
        for notification in lost.notifications:
            delete_notification(bucket, target, notification)
    except Exception as error:  # noqa: BLE001 - one target must not keep those of all the others
        said = error_in_words(error, "forgetting its alerts")
        _log.warning(
            "What was already reported about %s will be reported again: %s: %s",
            target.name,
            lost.problem.sentence,
            said,
        )
