"""Told backups in the bucket: of which of them people have been told that something is odd about it, an object each.

``left_by_tasks`` reads them.
"""

from __future__ import annotations

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.watch.told_backup import ToldBackup
from dbops.gateways.store.bucket import Bucket


def put_told_backup(bucket: Bucket, target: Target, told: ToldBackup) -> None:
    """Keep it; raises BucketError."""
    bucket.put(Layout(target.root).told_backup(told.backup_id), told.to_json())


def delete_told_backup(bucket: Bucket, target: Target, told: ToldBackup) -> None:
    """Forget it; raises BucketError."""
    bucket.delete(Layout(target.root).told_backup(told.backup_id))
