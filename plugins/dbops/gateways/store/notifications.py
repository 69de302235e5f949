"""Notifications in the bucket: what the notifiers of a target and the mail server did not take, an object each."""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.watch.notification import Notification
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_records import all_records


def put_notification(bucket: Bucket, target: Target, notification: Notification) -> None:
    """Keep it beside those before; raises BucketError."""
    bucket.put(_key(target, notification), notification.to_json())


def kept_notifications(bucket: Bucket, target: Target) -> Iterator[Notification]:
    """All that can be read; raises BucketError."""
    return all_records(bucket, Layout(target.root).notifications, Notification.from_json)


def delete_notification(bucket: Bucket, target: Target, notification: Notification) -> None:
    """Forget it; raises BucketError."""
    bucket.delete(_key(target, notification))


def _key(target: Target, notification: Notification) -> str:
    return Layout(target.root).notification(notification.notifier, notification.moment)
