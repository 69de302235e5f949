"""Notifications in the bucket: of each notifier of a target, whether it took the last alert."""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.layout import Layout
from dbops.domain.notification import Notification
from dbops.domain.target import Target
from dbops.errors import ObjectMissing
from dbops.gateways.bucket import Bucket


def put_notification(bucket: Bucket, target: Target, notification: Notification) -> None:
    """Keep it in place of the one before; raises BucketError."""
    bucket.put(Layout(target.root).notification(notification.notifier), notification.to_json())


def last_notifications(bucket: Bucket, target: Target) -> Iterator[Notification]:
    """Of each notifier that the target uses the last one that can be read; raises BucketError."""
    for name in target.alerts.notify:
        try:
            yield Notification.from_json(bucket.get(Layout(target.root).notification(name)))
        except (ObjectMissing, ValueError):
            continue
