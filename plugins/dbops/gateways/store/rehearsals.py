"""Rehearsals in the bucket: whether a restore would be allowed, as it was planned last; one small object a target."""

from __future__ import annotations

from dbops.domain.backups.layout import Layout
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.target import Target
from dbops.errors import ObjectMissing
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_folder import read_run


def put_rehearsal(bucket: Bucket, target: Target, rehearsal: Rehearsal) -> None:
    """Write it in the place of the one before; raises BucketError."""
    bucket.put(Layout(target.root).rehearsal, rehearsal.to_json())


def read_rehearsal(bucket: Bucket, target: Target) -> Rehearsal | None:
    """The last one; None where there is none, or none that can be read: the next is made soon. Raises BucketError."""
    try:
        return read_run(bucket, Layout(target.root).rehearsal, Rehearsal.from_json, target=target.name)
    except (ObjectMissing, ValueError):
        return None
