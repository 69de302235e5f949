"""Verifications in the bucket: the newest verdict on each backup."""

from __future__ import annotations

from dbops.domain.backups.layout import Layout
from dbops.domain.backups.verification import Verification
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket


def put_verification(bucket: Bucket, target: Target, verification: Verification) -> None:
    """Keep the verdict; raises BucketError. That on a part of a backup is kept by nobody: it proves nothing of it."""
    if verification.whole:
        bucket.put(Layout(target.root).verification(verification.backup_id), verification.to_json())
