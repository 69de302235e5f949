"""Gauges: what is measured of a target, and of the watch, for whoever draws it over time.

Names end with their unit, in the base units of Prometheus. docs/metrics.md is the public copy of this list, and
deploy/monitoring/ draws it; tests compare them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from dbops.domain.probes.run import ProbeRun
from dbops.domain.restores.rehearsal import RESTORED_ELSEWHERE
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.promises import good_backups
from dbops.domain.watch.report import WatchReport

_MS = 1000.0


@dataclass(frozen=True)
class Gauge:
    """A number as it is now. ``target`` and ``probe`` say of what; empty where it is of none."""

    name: str
    value: float
    target: str = ""
    probe: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """Those that it has."""
        return {key: value for key, value in (("target", self.target), ("probe", self.probe)) if value}

    @property
    def dotted(self) -> str:
        """Its name with the tags behind it, for who takes no tags: ``dbops.backup.rows.shop``."""
        return ".".join([self.name, *self.tags.values()])


def target_gauges(target: Target, index: TargetIndex) -> Iterator[Gauge]:
    """All that the bucket says of a target but for its operations; what it does not say has no gauge, and no zero."""
    for name, value in {
        **_backup(target, index),
        **_recovery(target, index),
        **_rehearsal(target, index),
        **_checks(target, index),
        **_probes(target, index),
    }.items():
        yield Gauge(name, value, target.name)


def probe_gauges(target: Target, run: ProbeRun) -> Iterator[Gauge]:
    """How long each operation took in a run, and may take; one of which no sample succeeded has no latency."""
    for one in run.results:
        if one.latency is not None:
            yield Gauge("dbops.probe.p95_seconds", one.latency.p95 / _MS, target.name, one.probe)
        yield Gauge("dbops.probe.budget_seconds", one.budget_ms / _MS, target.name, one.probe)


def watch_gauges(report: WatchReport, targets: Iterable[str]) -> Iterator[Gauge]:
    """The promises that a watch found broken, of each target and in all; last, when it looked."""
    for name in targets:
        yield Gauge("dbops.target.problems", sum(problem.target == name for problem in report.problems), name)
    yield Gauge("dbops.watch.problems", len(report.problems))
    yield Gauge("dbops.watch.targets", report.targets)
    yield Gauge("dbops.watch.finished_timestamp_seconds", report.finished.timestamp())


def _backup(target: Target, index: TargetIndex) -> dict[str, float]:
    good = good_backups(index, index.written)
    found = _promised("dbops.backup", target.alerts.late_after, is_made=target.schedule.backup is not None)
    found["dbops.backup.good"] = len(good)
    if good:
        newest = good[-1]
        found |= {
            "dbops.backup.finished_timestamp_seconds": newest.finished.timestamp(),
            "dbops.backup.duration_seconds": newest.duration.total_seconds(),
            "dbops.backup.stored_bytes": newest.stored_bytes,
            "dbops.backup.database_bytes": newest.database_bytes,
            "dbops.backup.rows": newest.rows,
        }
    return found


def _recovery(target: Target, index: TargetIndex) -> dict[str, float]:
    found = _promised("dbops.recovery", target.drill.within, is_made=target.schedule.drill is not None)
    if index.last_verdict is not None:
        found["dbops.recovery.failed"] = int(not index.last_verdict.ok)
    if index.last_proof is not None:
        found["dbops.recovery.finished_timestamp_seconds"] = index.last_proof.finished.timestamp()
        found["dbops.recovery.duration_seconds"] = index.last_proof.recovery_seconds
    return found


def _rehearsal(target: Target, index: TargetIndex) -> dict[str, float]:
    rehearsal = index.rehearsal
    if rehearsal is None or RESTORED_ELSEWHERE in target.allow:
        return {}
    found = {"dbops.rehearsal.finished_timestamp_seconds": rehearsal.planned.timestamp()}
    if not rehearsal.unknown:
        found["dbops.rehearsal.refusals"] = len(rehearsal.refusals)
    return found


def _checks(target: Target, index: TargetIndex) -> dict[str, float]:
    checks = index.checks
    if checks is None:
        return {}
    return {
        **_promised("dbops.check", target.checks.late_after, is_made=target.schedule.check is not None),
        "dbops.check.finished_timestamp_seconds": checks.finished.timestamp(),
        "dbops.check.rules_passed": checks.passed,
        "dbops.check.rules_failed": checks.failed,
        "dbops.check.rules_unknown": checks.unknown,
        "dbops.check.rules_warning": checks.warnings,
    }


def _probes(target: Target, index: TargetIndex) -> dict[str, float]:
    probes = index.probes
    if probes is None:
        return {}
    return {
        **_promised("dbops.probe", target.probes.late_after, is_made=target.schedule.probe is not None),
        "dbops.probe.finished_timestamp_seconds": probes.finished.timestamp(),
        "dbops.probe.operations": probes.total,
        "dbops.probe.operations_unwell": probes.total - probes.well,
    }


def _promised(name: str, within: timedelta | None, *, is_made: bool) -> dict[str, float]:
    """Within how long there is to be a new one; nothing where nobody promises it."""
    return {f"{name}.promised_seconds": within.total_seconds()} if is_made and within is not None else {}
