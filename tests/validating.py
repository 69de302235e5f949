"""What tests of the validator share: a database of its own for a test, rules for it, and what came of asking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from dbops.domain.checks.suite import CheckResult, Outcome, Rule, TableSuite
from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.baseline import SchemaBaseline
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import TableName
from dbops.gateways.validator import Validation, validate
from tests.backups import execute


@dataclass
class Validating:
    """Validations of one database; ``folder`` receives data docs, ``sql_folder`` holds queries."""

    url: str
    folder: Path
    sql_folder: Path
    suites: Sequence[TableSuite] = ()
    last: Validation | None = field(default=None, repr=False)

    def tell(self, *statements: str) -> None:
        execute(self.url, *statements)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def validate(
        self,
        *suites: TableSuite,
        full: bool = False,
        docs: bool = False,
        url: str | None = None,
        baseline: SchemaBaseline | None = None,
        **options: Any,
    ) -> Validation:
        self.last = validate(
            DatabaseAddress.from_url(url or self.url),
            suites or self.suites,
            options=CheckOptions(**options),
            full=full,
            folder=self.folder if docs else None,
            baseline=baseline,
            sql_folder=self.sql_folder,
        )
        return self.last

    def bad(self, *suites: TableSuite, **asked: Any) -> list[CheckResult]:
        return [result for result in self.validate(*suites, **asked).results if result.is_bad]

    def only(self, *suites: TableSuite, **asked: Any) -> CheckResult:
        """The one result that is bad."""
        (result,) = self.bad(*suites, **asked)
        return result


def rule(kind: str, number: int = 1, **kwargs: Any) -> Rule:
    return Rule(rule_id=f"rule {number}", type=f"expect_{kind}", kwargs=kwargs, source="suite.yaml", line=number)


def suite(table: str | TableName, *rules: Rule, optional: bool = False) -> TableSuite:
    name = ("public", table) if isinstance(table, str) else table
    return TableSuite(table=name, rules=rules, optional=optional)


def satisfies(condition: str, number: int = 1) -> Rule:
    return rule("rows_to_satisfy", number, condition=condition)


def outcomes(validation: Validation) -> list[Outcome]:
    return [result.outcome for result in validation.results]


@contextmanager
def cloned(admin: str, template: str, name: str) -> Iterator[str]:
    """The URL of a copy of a database that nobody is connected to; dropped afterwards."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    yield psycopg.conninfo.make_conninfo(admin, dbname=name)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
