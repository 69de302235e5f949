"""Told failures in the bucket: the last failure of a job of which people were told, one small object a job."""

from __future__ import annotations

from dbops.domain.alerts.told_failure import ToldFailure
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.errors import ObjectMissing
from dbops.gateways.store.bucket import Bucket


def put_told_failure(bucket: Bucket, target: Target, job: str, told: ToldFailure) -> None:
    """Keep it in the place of the one before; raises BucketError."""
    bucket.put(Layout(target.root).told_failure(job), told.to_json())


def find_told_failure(bucket: Bucket, target: Target, job: str) -> ToldFailure | None:
    """The last one; None where there is none, or none that can be read. Raises BucketError."""
    try:
        return ToldFailure.from_json(bucket.get(Layout(target.root).told_failure(job)))
    except (ObjectMissing, ValueError):
        return None
