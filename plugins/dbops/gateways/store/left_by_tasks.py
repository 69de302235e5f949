"""Left by tasks: all that the tasks of a target have left in its bucket for the watch, which it reads in one go."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.watch.notification import Notification
from dbops.domain.watch.told_backup import ToldBackup
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_records import listed_records


@dataclass(frozen=True)
class LeftByTasks:
    """``alerts`` are what a notifier or the mail server did not take, ``told`` the backups that people know of."""

    alerts: tuple[Notification, ...] = ()
    told: tuple[ToldBackup, ...] = ()


def left_by_tasks(bucket: Bucket, target: Target) -> LeftByTasks:
    """All that can be read, by one listing of the folder in which both lie; raises BucketError."""
    layout = Layout(target.root)
    listed = list(bucket.list(layout.notifications))
    told = [stored for stored in listed if stored.key.startswith(layout.told_backups)]
    not_alerts = (layout.told_backups, layout.told_failures)  # what failed is for the next run, not for the watch
    alerts = [stored for stored in listed if not stored.key.startswith(not_alerts)]
    return LeftByTasks(
        alerts=tuple(alert for _, alert in listed_records(bucket, alerts, Notification.from_json)),
        told=tuple(backup for _, backup in listed_records(bucket, told, ToldBackup.from_json)),
    )
