"""CheckRun: what one run of the checks found, as ``checks/<time>.json`` keeps it; and what the earlier ones say of it.

docs/checks.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.backup import BackupId
from dbops.domain.checks import CheckResult, Outcome, TableName
from dbops.domain.database_settings import quote_name
from dbops.domain.quantities import format_count
from dbops.domain.target import CheckOptions

_VOLUME = "volume"
_RUNS_COMPARED = 7
_FEW_ROWS = 100  # a table this small doubles and halves all the time


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class CheckRun:
    """``rows`` are the counted tables' rows, by ``schema.table``; ``statements`` how many read the data."""

    target: str
    run: str
    started: datetime
    finished: datetime
    full: bool
    results: tuple[CheckResult, ...]
    rows: dict[str, int]
    statements: int
    docs: str = ""
    format: Literal[1] = 1

    @property
    def check_id(self) -> str:
        """The name of its object: when it started, as a backup's id is written."""
        return BackupId.at(self.started)

    def bad(self) -> frozenset[str]:
        """The ids of the rules that failed or could not be evaluated."""
        return frozenset(result.rule_id for result in self.results if result.is_bad)

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> CheckRun:
        """Read a run; raises ValueError where it is not one of format 1."""
        return _ADAPTER.validate_json(body)


_ADAPTER = TypeAdapter(CheckRun)


def days_bad(rule_id: str, today: datetime, history: Sequence[CheckRun]) -> int:
    """On how many days in a row the rule has been bad, today among them; ``history`` is oldest first."""
    days = {today.date()}
    for run in reversed(history):
        if rule_id not in run.bad():
            break
        days.add(run.started.date())
    return len(days)


def recovered(bad: frozenset[str], history: Sequence[CheckRun]) -> tuple[str, ...]:
    """The rules that were bad in the last run and are not any more, by name."""
    return tuple(sorted(history[-1].bad() - bad)) if history else ()


def volume_results(
    counts: Mapping[TableName, int], history: Sequence[CheckRun], options: CheckOptions
) -> Iterator[CheckResult]:
    """Whether a table has shrunk or exploded against the median of the last runs; nothing where none has counted it.

    A table that shrank is an error, one that exploded a warning: the first may have lost rows.
    """
    for (schema, name), now in sorted(counts.items()):
        subject = f"{schema}.{name}"
        before = [run.rows[subject] for run in history[-_RUNS_COMPARED:] if subject in run.rows]
        if not before:
            continue
        usual = median(before)
        shrunk = usual >= _FEW_ROWS and now < usual * (1 - options.shrunk_by / 100)
        grown = now >= _FEW_ROWS and now > max(usual, _FEW_ROWS) * (1 + options.grown_by / 100)
        word = "shrunk" if shrunk else "exploded"
        yield CheckResult(
            rule_id=f"{subject}: {_VOLUME}",
            group="data",
            subject=subject,
            outcome=Outcome.FAILED if shrunk or grown else Outcome.PASSED,
            severity="error" if shrunk else "warning",
            sentence=f"{subject} has {word}: {format_count(now, 'row')}, and the last runs had about {usual:,.0f}."
            if shrunk or grown
            else "",
            rows=None,
            sql=f"SELECT count(*) FROM {quote_name(schema)}.{quote_name(name)}" if shrunk or grown else "",  # noqa: S608
        )
