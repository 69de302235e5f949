"""Restores in the bucket: the record of each run's restore, where no user of Airflow can write."""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.layout import Layout
from dbops.domain.restore_record import RestoreRecord
from dbops.domain.target import Target
from dbops.errors import InvalidRequest, ObjectMissing
from dbops.gateways.bucket import Bucket


def put_restore(bucket: Bucket, target: Target, record: RestoreRecord) -> RestoreRecord:
    """Write how far a restore is, and give it back; raises BucketError."""
    bucket.put(Layout(target.root).restore(record.run), record.to_json())
    return record


def find_restore(bucket: Bucket, target: Target, run: str) -> RestoreRecord | None:
    """How far that run's restore is; None where it has planned none. Raises InvalidRequest where it cannot be read."""
    key = Layout(target.root).restore(run)
    try:
        record = RestoreRecord.from_json(bucket.get(key))
    except ObjectMissing:
        return None
    except ValueError:
        record = None
    if record is None or (record.target, record.run) != (target.name, run):
        raise InvalidRequest(
            f"s3://{bucket.name}/{key} is not the record of this restore.", "Start a new run; nothing live was touched."
        )
    return record


def read_restore(bucket: Bucket, target: Target, run: str) -> RestoreRecord:
    """How far that run's restore is; raises InvalidRequest where it has planned none."""
    record = find_restore(bucket, target, run)
    if record is None:
        raise InvalidRequest(f"The run {run} has planned no restore of {target.name}.", "Start a new run.")
    return record


def all_restores(bucket: Bucket, target: Target) -> Iterator[RestoreRecord]:
    """Every restore that can be read, in the order of their runs' names."""
    for stored in bucket.list(Layout(target.root).restores):
        try:
            yield RestoreRecord.from_json(bucket.get(stored.key))
        except (ObjectMissing, ValueError):
            continue
