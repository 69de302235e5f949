"""Notifications in the bucket: what the notifiers of a target and the mail server did not take, an object each.

``left_by_tasks`` reads them.
"""

from __future__ import annotations

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.watch.notification import Notification
from dbops.gateways.store.bucket import Bucket


def put_notification(bucket: Bucket, target: Target, notification: Notification) -> None:
    """Keep it beside those before; raises BucketError."""
    bucket.put(_key(target, notification), notification.to_json())


def delete_notification(bucket: Bucket, target: Target, notification: Notification) -> None:
    """Forget it; raises BucketError."""
    bucket.delete(_key(target, notification))


def _key(target: Target, notification: Notification) -> str:
    return Layout(target.root).notification(notification.notifier, notification.moment)
