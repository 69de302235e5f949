"""Rendering: the page's templates, and the words and pictures that they are given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from dbops.domain.checks.suite import CheckResult
from dbops.domain.migrations.record import MigrationRecord, MigrationState
from dbops.domain.probes.standing import Standing
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.rehearsal import RESTORED_ELSEWHERE, rehearsal_sentence
from dbops.domain.target_index.target_index import IndexedBackup, IndexedChecks
from dbops.domain.views.overview import OverviewRow
from dbops.domain.views.target_view import ChecksPart, ProbeRow
from dbops.domain.watch.dag_state import JOBS
from dbops.domain.watch.faulty_target import FaultyTarget
from dbops.domain.watch.light import Light
from dbops.domain.watch.lost_target import LostTarget
from dbops.domain.watch.promises import is_alive
from dbops.domain.words.quantities import format_bytes, format_count, format_ms
from dbops.gateways.files.templates import environment
from dbops_airflow.page import svg, words

_HERE = Path(__file__).parent
_NEXT_SHOWN = 2


class Rendering:
    """Pages at ``now``, below ``base``, the path of the page itself; ``airflow`` is that of Airflow's UI."""

    def __init__(self, *, base: str, airflow: str, now: datetime) -> None:
        self._given = {"base": base, "airflow": airflow, "now": now, "Light": Light}
        self._now = now

    def page(self, name: str, **facts: Any) -> str:
        """The template of that name, with these facts and what every page is given."""
        drawn: str = (
            _templates()
            .get_template(f"{name}.html.j2")
            .render(
                **self._given,
                static=lambda file: f"{self._given['base']}/static/{file}?{static_files()[file].version}",
                is_late=self._is_late,
                holds=self._holds,
                **facts,
            )
        )
        return drawn

    def _holds(self, row: OverviewRow) -> int:
        backups = row.index.backups if row.index else ()
        return sum(backup.hold is not None and backup.hold.is_active(self._now) for backup in backups)

    def _is_late(self, row: OverviewRow, newest: IndexedBackup) -> bool:
        target = row.target
        return target.schedule.backup is not None and self._now - newest.finished > target.alerts.late_after


class StaticFile:
    """A file of ``static/``; ``version`` changes when it does, so that browsers may keep what they have."""

    def __init__(self, path: Path) -> None:
        self.body = path.read_bytes()
        self.type = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}[path.suffix]
        self.version = hashlib.sha256(self.body).hexdigest()[:12]


@cache
def static_files() -> Mapping[str, StaticFile]:
    """All of them, by name: nothing else is ever served."""
    return {path.name: StaticFile(path) for path in sorted((_HERE / "static").iterdir())}


def searched(row: OverviewRow | FaultyTarget | LostTarget) -> str:
    """The words by which a target is found, in lower case."""
    if isinstance(row, FaultyTarget | LostTarget):
        return " ".join((row.name, *row.reasons)).lower()
    target = row.target
    return " ".join((target.name, target.environment, target.owner, target.description, *row.reasons)).lower()


@cache
def _templates() -> Any:
    made = environment(_HERE / "templates")
    made.filters |= {
        "at": words.at,
        "when": words.when,
        "lasting": words.lasting,
        "sentence": words.sentence,
        "bytes": format_bytes,
        "count": format_count,
        "ms": format_ms,
        "sizes": _sizes,
        "nights": _nights,
        "latencies": _latencies,
    }
    functions: dict[str, Callable[..., Any]] = {
        "query": _query,
        "searched": searched,
        "is_alive": is_alive,
        "newest_good": newest_good,
        "running": _is_running,
        "soonest": _soonest,
        "paused": _paused,
        "bad_rules": _bad_rules,
        "standing": _standing_mark,
        "migration_mark": _migration_mark,
        "restore_mark": _restore_mark,
        "rehearsed": _rehearsed,
        "share": svg.share,
        "against": svg.against,
    }
    made.globals |= functions
    return made


def newest_good(row: OverviewRow) -> IndexedBackup | None:
    """The newest backup that was not shown to be unusable."""
    backups = row.index.backups if row.index else ()
    return next((backup for backup in reversed(backups) if backup.is_good), None)


def _query(**parameters: Any) -> str:
    asked = {name: value for name, value in parameters.items() if value and (name, value) != ("page", 1)}
    return f"?{urlencode(asked)}" if asked else ""


def _is_running(row: OverviewRow, job: str) -> bool:
    state = row.dags.get(job)
    return state is not None and state.is_running


def _soonest(row: OverviewRow) -> list[tuple[str, datetime]]:
    planned = [
        (state.next_run, job) for job, state in row.dags.items() if state.next_run is not None and not state.is_paused
    ]
    return [(job, moment) for moment, job in sorted(planned)[:_NEXT_SHOWN]]


def _paused(row: OverviewRow) -> list[str]:
    return [job for job in JOBS if job in row.dags and row.dags[job].is_paused]


def _sizes(trend: Sequence[int]) -> Markup:
    if not trend:
        return Markup()
    told = f"Size of the last {len(trend)} good backups: {format_bytes(trend[0])} to {format_bytes(trend[-1])}"
    return svg.trend(trend, told, width=64)


def _nights(nights: Sequence[IndexedChecks]) -> Markup:
    oldest_first = list(reversed(nights))
    marks: list[svg.Mark] = [
        "bad" if night.failed else "unknown" if night.unknown else "good" for night in oldest_first
    ]
    bad = [night for night in oldest_first if night.is_red]
    told = f"{len(bad)} of the last {format_count(len(nights), 'run')} failed"
    if bad:
        told += f", the last one on {bad[-1].check_id.time:%Y-%m-%d}"
    return svg.marks(marks, told)


def _latencies(row: ProbeRow) -> Markup:
    known = [value for value in row.trend if value is not None]
    if not known:
        return Markup()
    told = f"p95 of the last {len(known)} runs: {format_ms(known[0])} to {format_ms(known[-1])}"
    return svg.trend(known, told, width=96)


def _bad_rules(part: ChecksPart) -> list[tuple[str, str, CheckResult]]:
    kinds = (
        ("bad", "failed", part.failed),
        ("unknown", "could not evaluate", part.unknown),
        ("warn", "warning", part.warnings),
    )
    return [(kind, word, result) for kind, word, results in kinds for result in results]


def _standing_mark(row: ProbeRow) -> str:
    if row.standing is Standing.WELL:
        return "good"
    return "bad" if row.standing is Standing.FAILED else "warn"


def _migration_mark(record: MigrationRecord) -> str:
    if record.state is MigrationState.DONE:
        return "good"
    return "bad" if record.failure else "warn" if record.is_over or record.ended else "none"


def _rehearsed(row: OverviewRow) -> tuple[str, str, tuple[str, ...]]:
    """A mark, what the last rehearsal of a restore came to, and what stands in the way."""
    rehearsal = row.index.rehearsal if row.index else None
    is_elsewhere = RESTORED_ELSEWHERE in row.target.allow
    told = rehearsal_sentence(row.target.name, rehearsal, is_elsewhere=is_elsewhere)
    if is_elsewhere or rehearsal is None:
        return "none", told, ()
    return "good" if rehearsal.is_ready else "unknown" if rehearsal.unknown else "warn", told, rehearsal.refusals


def _restore_mark(record: RestoreRecord) -> str:
    if record.state is RestoreState.FAILED:
        return "bad"
    if record.ended:
        return "warn"
    return "good" if record.state in {RestoreState.VERIFIED, RestoreState.SWAPPED} else "none"
