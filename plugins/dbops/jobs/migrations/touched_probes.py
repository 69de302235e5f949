"""touched_probes: time the operations that read or write what a migration touches, before it and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.migrations.touched_probes import ProbeReading, ProbeReadings
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe
from dbops.domain.probes.measurement import Measurement
from dbops.domain.query_plan import Plan
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import TableName
from dbops.domain.target import Target
from dbops.errors import DatabaseError, InvalidRequest, PreflightFailed
from dbops.gateways.files.probe_files import has_probes, read_probes
from dbops.gateways.probing import draw_parameters, measure
from dbops.gateways.probing.explain import explaining
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.migration_records import put_migration, read_migration

_SAMPLES = 20
_LONGEST = timedelta(minutes=1)


def measure_before(
    target: Target, address: DatabaseAddress, bucket: Bucket, *, include: Path, run: str
) -> MigrationRecord:
    """Note how the touched operations fare, unless that is known, or something may have been changed already.

    Raises DatabaseError and BucketError; that a probe's file is wrong is a note.
    """
    record = read_migration(bucket, target, run)
    if record.before is not None or record.is_begun or not record.touched:
        return record
    readings = read_touched(target, address, record.touched, include=include)
    return put_migration(bucket, target, replace(record, before=readings))


def read_touched(
    target: Target,
    address: DatabaseAddress,
    tables: Collection[TableName],
    *,
    include: Path,
    also: Collection[str] = (),
) -> ProbeReadings:
    """Time the probes whose plans have one of these ``tables``, and those whose names are in ``also``.

    Whatever they write is rolled back. Raises DatabaseError where the server cannot be reached.
    """
    schema = read_schema(address)
    names = {name for table in tables if table in schema.tables for name in schema.tables[table].indexes}
    empty = ProbeReadings(indexes=tuple(sorted(names)))
    if not has_probes(include, target.name):
        return empty
    options = target.probes.model_copy(update={"max_seconds": min(target.probes.max_seconds, _LONGEST)})
    try:
        probes = [probe for probe in read_probes(include, target.name) if not probe.is_pool]
        plans, refused = _plans(address, probes, options)
        touching = [probe for probe in probes if _touches(plans.get(probe.name, ()), tables) or probe.name in also]
        able = [replace(probe, samples=min(probe.samples, _SAMPLES)) for probe in touching if probe.name in plans]
        measurement = measure(address, able, options) if able else None
    except (InvalidRequest, PreflightFailed) as error:
        return replace(empty, notes=(f"No operation was measured. {error}",))
    read = [_reading(probe, plans.get(probe.name, ()), refused.get(probe.name, ""), measurement) for probe in touching]
    return replace(empty, probes=tuple(read), notes=measurement.notes if measurement else ())


def _plans(
    address: DatabaseAddress, probes: Iterable[Probe], options: ProbeOptions
) -> tuple[dict[str, tuple[Plan, ...]], dict[str, str]]:
    """By name what the planner expects of each probe, nothing being executed; or why there is no plan."""
    plans, refused = {}, {}
    with explaining(address, options) as explainer:
        for probe in probes:
            try:
                ((_, drawn),) = draw_parameters(address, [probe], options)
            except InvalidRequest as error:
                refused[probe.name] = error.what
                continue
            try:
                plans[probe.name] = tuple(
                    plan for one in _first_of_each_kind(drawn) for plan in explainer.plans(probe, one, analyze=False)
                )
            except DatabaseError as error:
                refused[probe.name] = error.what
    return plans, refused


def _first_of_each_kind(drawn: Sequence[Drawn]) -> Iterable[Drawn]:
    first: dict[str, Drawn] = {}
    for one in drawn or [Drawn()]:
        first.setdefault(one.kind, one)
    return first.values()


def _touches(plans: Iterable[Plan], tables: Collection[TableName]) -> bool:
    return any(node.table in tables for plan in plans for node in plan.root.walk())


def _reading(probe: Probe, plans: Iterable[Plan], refusal: str, measurement: Measurement | None) -> ProbeReading:
    reading = ProbeReading(
        probe=probe.name,
        title=probe.title,
        indexes=tuple(sorted({node.index for plan in plans for node in plan.root.walk() if node.index})),
        error=refusal,
    )
    if measurement is None or probe.name not in measurement.names:
        return reading
    measured = measurement.of(probe.name)
    if measured.latency is None:
        return replace(reading, error=measured.error)
    return replace(reading, p50=measured.latency.p50, p95=measured.latency.p95, error=measured.error)
