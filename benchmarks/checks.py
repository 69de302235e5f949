"""The nightly checks beside hand-written SQL and beside a stock suite, interleaved. See benchmarks/README.md."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg2
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.results import Bound, Table
from benchmarks.stage import REPOSITORY, Stage
from benchmarks.stock_suite import stock_expectations
from dbops.domain.checks.own_expectations import OWN
from dbops.domain.checks.rule_sql import query_of
from dbops.domain.checks.suite import TableSuite
from dbops.domain.options.checks import CheckOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import in_sql
from dbops.gateways.files.baseline_files import read_baseline
from dbops.gateways.validator import import_great_expectations, validate
from dbops.gateways.validator.expectation_files import checks_folder, read_suites

LARGE = 60  # the scale of the sample: about 3 GB on disk
INCLUDE = REPOSITORY / "include"
TARGET = "summary_app"
HEADER = f"{'way':20} {'median s':>9} {'statements':>11}  runs"
SQL, NIGHTLY, FULL, STOCK = "hand-written SQL", "dbops check", "dbops check --full", "stock suite"


@dataclass(frozen=True)
class Result:
    """The runs of one way to ask all rules; ``statements`` are those that read data, of one run."""

    way: str
    seconds: tuple[float, ...]
    statements: int

    @property
    def median(self) -> float:
        """Of the seconds."""
        return median(self.seconds)

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self) | {"median": self.median}

    def row(self) -> str:
        """One line of the table."""
        runs = " ".join(f"{seconds:.1f}" for seconds in self.seconds)
        return f"{self.way:20} {self.median:9.1f} {self.statements:11}  {runs}"


class Ways:
    """Each way to ask the same rules of one database; gives the number of statements that read data."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._files = read_suites(INCLUDE, TARGET)
        self._checks = checks_folder(INCLUDE, TARGET)
        self._baseline = read_baseline(INCLUDE, TARGET)

    @property
    def rules(self) -> int:
        """How many there are."""
        return sum(len(suite.rules) for suite in self._files.suites)

    def _query(self, name: str) -> str:
        return (self._checks / name).read_text("utf-8")

    def by_sql(self) -> int:
        """One scan a table for its row rules, one statement for each other rule; what is stock costs nothing here."""
        statements = [one for suite in self._files.suites for one in self._statements(suite)]
        with contextlib.closing(psycopg2.connect(self._url)) as connection, connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()
        return len(statements)

    def _statements(self, suite: TableSuite) -> list[str]:
        asked = [query_of(rule, suite.table, self._query) for rule in suite.rules if rule.type in OWN]
        scanned = ", ".join(["count(*)", *(one.sql for one in asked if one.in_scan)])
        return [f"SELECT {scanned} FROM {in_sql(*suite.table)}", *(one.sql for one in asked if not one.in_scan)]  # noqa: S608

    def nightly(self) -> int:
        """Ours, the schema and the data docs included."""
        return self._ours(full=False)

    def full(self) -> int:
        """The same, with what the catalog proves executed."""
        return self._ours(full=True)

    def _ours(self, *, full: bool) -> int:
        with tempfile.TemporaryDirectory() as docs:
            found = validate(
                DatabaseAddress.from_url(self._url),
                self._files.suites,
                options=CheckOptions(),
                full=full,
                folder=Path(docs),
                baseline=self._baseline,
                sql_folder=self._checks,
            )
        broken = [one.sentence for one in found.results if one.is_bad and one.group == "data"]
        if broken:
            raise SystemExit(f"The sample breaks a rule, so what was measured is no clean night: {broken[0]}")
        return found.statements

    def stock(self) -> int:
        """A checkpoint of stock expectations, with the result format that it has by default."""
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        url = self._url.replace("postgresql://", "postgresql+psycopg2://", 1)
        source = context.data_sources.add_postgres("bench", connection_string=url)
        count = 0

        def counted(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            nonlocal count
            count += "pg_catalog" not in statement and "FROM" in statement

        event.listen(Engine, "before_cursor_execute", counted)
        try:
            for suite in self._files.suites:
                name = suite.table[1]
                asset = source.add_table_asset(name, table_name=f'"{name}"')
                batch = asset.add_batch_definition_whole_table(name)
                expectations = stock_expectations(suite, self._query)
                suite_of = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
                found = gx.ValidationDefinition(name=name, data=batch, suite=suite_of).run()
                for result in found.results:
                    if not result.success:
                        raise SystemExit(f"The stock suite of {name} is not green: {result.expectation_config}")
        finally:
            event.remove(Engine, "before_cursor_execute", counted)
            source.get_engine().dispose()
        return count


def measure_checks(place: Stage, runs: int, scale: float = LARGE) -> Table:
    """Every way in turn, after one round that is not counted and warms the cache."""
    name = place.sample(scale)
    ways = Ways(place.server.url(name))
    asked: dict[str, Callable[[], int]] = {
        SQL: ways.by_sql,
        NIGHTLY: ways.nightly,
        FULL: ways.full,
        STOCK: ways.stock,
    }
    print(f"{ways.rules} rules, {place.size(name) / 1e9:.2f} GB", file=sys.stderr)
    import_great_expectations()
    seconds: dict[str, list[float]] = {way: [] for way in asked}
    statements: dict[str, int] = {}
    for number in range(runs + 1):
        for way, ask in asked.items():
            began = time.monotonic()
            with contextlib.redirect_stdout(io.StringIO()):  # of the stock suite, which prints
                statements[way] = ask()
            took = time.monotonic() - began
            if number:
                seconds[way].append(took)
            print(f"  {way}, run {number}: {took:.1f} s", file=sys.stderr)
    results = [Result(way, tuple(seconds[way]), statements[way]) for way in asked]
    sql, nightly, full, stock = (one.median for one in results)
    bounds = [
        Bound("times the hand-written SQL, nightly", nightly / sql, 1.0, at_least=False),
        Bound("times the hand-written SQL, in full", full / sql, 1.25, at_least=False),
        Bound("times faster than the stock suite", stock / nightly, 2.5, at_least=True),
    ]
    return Table(HEADER, results, bounds)
