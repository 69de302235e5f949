"""Verifications in the bucket: the newest verdict on each backup."""

from __future__ import annotations

from dbops.domain.backup import BackupId
from dbops.domain.layout import Layout
from dbops.domain.target import Target
from dbops.domain.verification import Verification
from dbops.errors import ObjectMissing
from dbops.gateways.bucket import Bucket


def put_verification(bucket: Bucket, target: Target, verification: Verification) -> None:
    """Keep the verdict; raises BucketError. That on a part of a backup is kept by nobody: it proves nothing of it."""
    if verification.whole:
        bucket.put(Layout(target.root).verification(verification.backup_id), verification.to_json())


def read_verification(bucket: Bucket, target: Target, backup_id: BackupId) -> Verification | None:
    """The verdict on that backup with all its details; None where there is none that can be read."""
    try:
        return Verification.from_json(bucket.get(Layout(target.root).verification(backup_id)))
    except (ObjectMissing, ValueError):
        return None
