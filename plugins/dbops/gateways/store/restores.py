"""Restores in the bucket: the record of each run's restore, where no user of Airflow can write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dbops.domain.backups.layout import Layout
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_records import RunRecords, all_records, dated_records

_RESTORES = RunRecords("restore", Layout.restore, RestoreRecord.from_json, "Start a new run; nothing live was touched.")


def put_restore(bucket: Bucket, target: Target, record: RestoreRecord) -> RestoreRecord:
    """Write how far a restore is, and give it back; raises BucketError."""
    return _RESTORES.put(bucket, target, record)


def find_restore(bucket: Bucket, target: Target, run: str) -> RestoreRecord | None:
    """How far that run's restore is; None where it has planned none. Raises InvalidRequest where it cannot be read."""
    return _RESTORES.find(bucket, target, run)


def read_restore(bucket: Bucket, target: Target, run: str) -> RestoreRecord:
    """How far that run's restore is; raises InvalidRequest where it has planned none."""
    return _RESTORES.read(bucket, target, run)


def restore_notes(bucket: Bucket, target: Target, run: str) -> tuple[str, ...]:
    """What the plan of that run's restore says that one should know; empty where it has planned none."""
    record = find_restore(bucket, target, run)
    return record.notes if record else ()


def all_restores(bucket: Bucket, target: Target) -> Iterator[RestoreRecord]:
    """Every restore that can be read, in the order of their runs' names."""
    return all_records(bucket, Layout(target.root).restores, RestoreRecord.from_json)


def dated_restores(bucket: Bucket, target: Target) -> Iterator[tuple[datetime, RestoreRecord]]:
    """The same, each with when it was written, by the store's clock."""
    return dated_records(bucket, Layout(target.root).restores, RestoreRecord.from_json)
