"""Notifications in the bucket: what the notifiers of a target did not take, an object each."""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.layout import Layout
from dbops.domain.notification import Notification
from dbops.domain.target import Target
from dbops.errors import ObjectMissing
from dbops.gateways.bucket import Bucket


def put_notification(bucket: Bucket, target: Target, notification: Notification) -> None:
    """Keep it beside those before; raises BucketError."""
    bucket.put(_key(target, notification), notification.to_json())


def kept_notifications(bucket: Bucket, target: Target) -> Iterator[Notification]:
    """All that can be read; raises BucketError."""
    for stored in bucket.list(Layout(target.root).notifications):
        try:
            yield Notification.from_json(bucket.get(stored.key))
        except (ObjectMissing, ValueError):
            continue


def delete_notification(bucket: Bucket, target: Target, notification: Notification) -> None:
    """Forget it; raises BucketError."""
    bucket.delete(_key(target, notification))


def _key(target: Target, notification: Notification) -> str:
    return Layout(target.root).notification(notification.notifier, notification.moment)
