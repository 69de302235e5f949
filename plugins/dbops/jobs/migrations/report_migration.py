"""report_migration: what a run's migration came to, from its record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.migrations.report import MigrationReport
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.migration_records import read_migration


def report_migration(target: Target, bucket: Bucket, *, run: str, clock: Callable[[], datetime]) -> MigrationReport:
    """What that run's migration came to; raises a DbopsError where its record cannot be read."""
    record = read_migration(bucket, target, run)
    return MigrationReport(target=target.name, started=record.planned, finished=clock(), record=record)
