"""post_check_migration: after a migration, prove what is live, and time what it touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dbops.domain.migrations.migrated_check import MigratedCheck
from dbops.domain.migrations.record import MigrationRecord, MigrationState, PostCheck
from dbops.domain.migrations.touched_probes import ProbeReadings, TouchedProbes
from dbops.domain.schema.differences import schema_differences
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_count
from dbops.errors import MigrationFailed
from dbops.gateways.files.baseline_files import SchemaFileFault, read_baseline
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.migration_records import put_migration, read_migration
from dbops.jobs.migrations.check_migrated import check_migrated
from dbops.jobs.migrations.touched_probes import read_touched

_SHOWN = 5


def post_check_migration(
    target: Target,
    address: DatabaseAddress,
    bucket: Bucket,
    *,
    include: Path,
    run: str,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    scratch: DatabaseAddress | None = None,
) -> MigrationRecord:
    """Look at the database after that run's migration, and keep what is found; it may be looked at again.

    ``scratch`` is as of ``scratch_for``. Raises MigrationFailed where the run has not applied all that it planned, and
    another DbopsError where nothing could be asked.
    """
    record = read_migration(bucket, target, run)
    if record.state is not MigrationState.DONE:
        raise MigrationFailed(
            f"The run {run} has not migrated {target.name}: it came as far as {record.state}.", record.remedy
        )
    check = check_migrated(target, address, include=include, clock=clock, programs=programs, scratch=scratch)
    before = record.before or ProbeReadings()
    also = [one.probe for one in before.probes]
    after = read_touched(target, address, record.touched, include=include, also=also)
    probes = TouchedProbes(before=before, after=after)
    checked = PostCheck(
        faults=(*check.faults, *probes.broken),
        remarks=(*_renamed(check), *_unlike_its_baseline(target, address, include)),
    )
    return put_migration(bucket, target, replace(record, after=after, checked=checked))


def _renamed(check: MigratedCheck) -> Iterable[str]:
    return (f"{one.sentence}." for one in check.differences if one.severity == "warning")


def _unlike_its_baseline(target: Target, address: DatabaseAddress, include: Path) -> Iterator[str]:
    """What the nightly schema checks will say; a migration that was meant is news to them."""
    try:
        baseline = read_baseline(include, target.name)
    except SchemaFileFault as fault:
        yield str(fault)
        return
    if baseline is None:
        return
    found = schema_differences(baseline, read_schema(address), target.checks)
    if found:
        told = "; ".join(one.sentence for one in found[:_SHOWN])
        yield (
            f"By schema.yaml, which the nightly checks go by, there {'is' if len(found) == 1 else 'are'} "
            f"{format_count(len(found), 'difference')}: {told}. Where that is meant, "
            f"`python -m dbops baseline {target.name} --accept` takes it over."
        )
