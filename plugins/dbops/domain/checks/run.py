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

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.ledger.seen_migrations import SeenMigrations
from dbops.domain.options.checks import CheckOptions
from dbops.domain.servers.database_settings import quote_name
from dbops.domain.sql.object_names import TableName
from dbops.domain.words.quantities import format_count
from dbops.domain.words.recorded import Moment, Whole
from dbops.domain.words.start_id import StartId

_VOLUME = "volume"
_RUNS_COMPARED = 7
_FEW_ROWS = 100  # a table this small doubles and halves all the time


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class CheckRun:
    """``rows`` are the counted tables' rows, by ``schema.table``; ``statements`` how many read the data.

    ``migrations`` is None where the target has none and no ledger, and in runs of versions that did not look.
    """

    target: str
    run: str
    started: Moment
    finished: Moment
    full: bool
    results: tuple[CheckResult, ...]
    rows: dict[str, Whole]
    statements: Whole
    docs: str = ""
    migrations: SeenMigrations | None = None
    format: Literal[1] = 1

    @property
    def is_red(self) -> bool:
        """Whether a rule that is an error was bad."""
        return any(result.is_red for result in self.results)

    @property
    def check_id(self) -> StartId:
        """The name of its object."""
        return StartId.at(self.started)

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


def recovered(results: Sequence[CheckResult], history: Sequence[CheckRun]) -> tuple[str, ...]:
    """The rules that were bad in the last run and are well now, by name.

    A rule that was not asked any more is not well. A difference of the schema is over when it is not found, where the
    whole schema could be read.
    """
    if not history:
        return ()
    outcomes = {result.rule_id: result.outcome for result in results}
    schema = [result.outcome for result in results if result.group == "schema"]
    is_known = bool(schema) and Outcome.NOT_EVALUATED not in schema
    over = Outcome.PASSED if is_known else None
    return tuple(
        sorted(
            before.named
            for before in history[-1].results
            if before.is_bad
            and outcomes.get(before.rule_id, over if before.group == "schema" else None) is Outcome.PASSED
        )
    )


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
        grown = now > max(usual, _FEW_ROWS) * (1 + options.grown_by / 100)
        word = "shrunk" if shrunk else "exploded"
        yield CheckResult(
            rule_id=f"{subject}: {_VOLUME}",
            group="data",
            subject=subject,
            description="about as many rows as in the last runs",
            outcome=Outcome.FAILED if shrunk or grown else Outcome.PASSED,
            severity="error" if shrunk else "warning",
            sentence=f"{subject} has {word}: {format_count(now, 'row')}, and the last runs had about {usual:,.0f}."
            if shrunk or grown
            else "",
            sql=f"SELECT count(*) FROM {quote_name(schema)}.{quote_name(name)}" if shrunk or grown else "",  # noqa: S608
        )
