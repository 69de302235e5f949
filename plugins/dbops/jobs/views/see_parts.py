"""see_parts: the parts of a target's page that are read from their own objects, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Protocol, TypeVar

from dbops.domain.backups.layout import Layout
from dbops.domain.checks.run import CheckRun
from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.probes.run import ProbeRun
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.target import Target
from dbops.domain.views.target_parts import checks_part, migrations_part, probes_part
from dbops.domain.views.target_view import AuditPart, ChecksPart, MigrationsPart, Part, ProbesPart, RestoresPart
from dbops.gateways.store.audit import newest_audit
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.newest_objects import Newest, newest_by_age, newest_by_name, read_newest

_NIGHTS = 30
_PROBE_RUNS = 12
_RECORDS = 20
_AUDIT = 50


class _OfATarget(Protocol):
    @property
    def target(self) -> str: ...


_R = TypeVar("_R", bound=_OfATarget)


def see_checks(target: Target, bucket: Bucket, readers: Executor) -> ChecksPart | str:
    """The last month of nights; a sentence where there is none that can be read. Raises BucketError, as all do here."""
    runs = _checks(target, bucket, readers, last=_NIGHTS)
    if not runs.found:
        return _none(f"The checks of {target.name} have not run yet.", runs.unreadable)
    return checks_part(runs.found, runs.unreadable)


def see_probes(target: Target, bucket: Bucket, readers: Executor) -> ProbesPart | str:
    """The last quarter of weeks; a sentence where there is none that can be read."""
    runs = _records(
        target,
        bucket,
        readers,
        Layout(target.root).probes,
        ProbeRun.from_json,
        order=newest_by_name,
        last=_PROBE_RUNS,
        what="a run of the probes",
    )
    if not runs.found:
        return _none(f"The operations of {target.name} have not been timed yet.", runs.unreadable)
    return probes_part(runs.found, runs.unreadable, pages=target.probes.keep_reports)


def see_migrations(target: Target, bucket: Bucket, readers: Executor) -> MigrationsPart:
    """What the newest check has seen of the ledger, and the records of our own migrations."""
    checks = _checks(target, bucket, readers, last=1)
    records = _records(
        target,
        bucket,
        readers,
        Layout(target.root).migrations,
        MigrationRecord.from_json,
        last=_RECORDS,
        what="the record of a migration",
    )
    newest = checks.found[0] if checks.found else None
    return migrations_part(newest, records.found, (*checks.unreadable, *records.unreadable))


def see_restores(target: Target, bucket: Bucket, readers: Executor) -> RestoresPart:
    """The records of the last restores."""
    records = _records(
        target,
        bucket,
        readers,
        Layout(target.root).restores,
        RestoreRecord.from_json,
        last=_RECORDS,
        what="the record of a restore",
    )
    newest_first = sorted(records.found, key=lambda record: record.planned, reverse=True)
    return RestoresPart(records=tuple(newest_first), unreadable=records.unreadable)


def see_audit(target: Target, bucket: Bucket, readers: Executor) -> AuditPart:
    """The last things that were done, asked or allowed."""
    entries = newest_audit(bucket, target, last=_AUDIT, readers=readers)
    return AuditPart(entries=entries.found, older=entries.older, unreadable=entries.unreadable)


SEEN: Mapping[
    Part,
    tuple[
        str,
        Callable[[Target, Bucket, Executor], ChecksPart | ProbesPart | MigrationsPart | RestoresPart | AuditPart | str],
    ],
] = {
    Part.CHECKS: ("The checks of {}", see_checks),
    Part.PROBES: ("The probes of {}", see_probes),
    Part.MIGRATIONS: ("The migrations of {}", see_migrations),
    Part.RESTORES: ("The restores of {}", see_restores),
    Part.AUDIT: ("The audit trail of {}", see_audit),
}
"""How each part but the backups is called in a sentence, and how it is seen."""


def _checks(target: Target, bucket: Bucket, readers: Executor, *, last: int) -> Newest[CheckRun]:
    return _records(
        target,
        bucket,
        readers,
        Layout(target.root).checks,
        CheckRun.from_json,
        order=newest_by_name,
        last=last,
        what="a run of the checks",
    )


def _records(
    target: Target,
    bucket: Bucket,
    readers: Executor,
    folder: str,
    read: Callable[[bytes], _R],
    *,
    order: Callable[[Bucket, str], Sequence[str]] = newest_by_age,
    last: int,
    what: str,
) -> Newest[_R]:
    def of_that_target(key: str, body: bytes) -> _R:
        record = read(body)
        if record.target != target.name:
            raise ValueError(key)
        return record

    return read_newest(bucket, order(bucket, folder), of_that_target, last=last, what=what, readers=readers)


def _none(sentence: str, unreadable: tuple[str, ...]) -> str:
    return " ".join(unreadable) or sentence
