"""A target's rules as a suite of Great Expectations' own expectations, as its users write them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dbops.domain.checks.own_expectations import (
    OWN,
    NewestRowWithin,
    RowCountToBeAtLeast,
    RowsToBeUnique,
    RowsToSatisfy,
)
from dbops.domain.checks.rule_sql import query_of
from dbops.domain.checks.suite import Rule, TableSuite

_REGEX = re.compile(r"""^"?(\w+)"? ~ '([^']+)'$""")
_BETWEEN = re.compile(r"""^"?(\w+)"? BETWEEN (-?[\d.]+) AND (-?[\d.]+)$""")
_AT_LEAST = re.compile(r"""^"?(\w+)"? >= (-?[\d.]+)$""")


def stock_expectations(suite: TableSuite, read_file: Callable[[str], str]) -> list[Any]:
    """One expectation a rule: that which says the same, else a query for the rows that break it."""
    return [_expectation(rule, suite, read_file) for rule in suite.rules]


def _expectation(rule: Rule, suite: TableSuite, read_file: Callable[[str], str]) -> Any:  # noqa: PLR0911
    from great_expectations.expectations.registry import get_expectation_impl

    gxe: Any = importlib.import_module("great_expectations.expectations")
    if rule.type not in OWN:
        return get_expectation_impl(rule.type)(**rule.kwargs)
    asked: Any = OWN[rule.type].model_validate(dict(rule.kwargs))
    match asked:
        case RowCountToBeAtLeast():
            return gxe.ExpectTableRowCountToBeBetween(min_value=asked.min_value)
        case NewestRowWithin():
            since = datetime.now(UTC).replace(tzinfo=None) - asked.max_age
            return gxe.ExpectColumnMaxToBeBetween(column=asked.column, min_value=since)
        case RowsToBeUnique() if len(asked.columns) == 1 and asked.where is None:
            return gxe.ExpectColumnValuesToBeUnique(column=asked.columns[0])
        case RowsToBeUnique() if asked.where is None:
            return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(asked.columns))
        case RowsToSatisfy():
            if match := _REGEX.match(asked.condition):
                return gxe.ExpectColumnValuesToMatchRegex(column=match[1], regex=match[2])
            if match := _BETWEEN.match(asked.condition):
                return gxe.ExpectColumnValuesToBeBetween(
                    column=match[1], min_value=float(match[2]), max_value=float(match[3])
                )
            if match := _AT_LEAST.match(asked.condition):
                return gxe.ExpectColumnValuesToBeBetween(column=match[1], min_value=float(match[2]))
    # Braces are its own, and a colon would be a parameter.
    rows = query_of(rule, suite.table, read_file).rows.replace("{", "{{").replace("}", "}}")
    rows = re.sub(r"(?<!:):(?=\w)", r"\\:", rows)
    return gxe.UnexpectedRowsExpectation(unexpected_rows_query=f"SELECT * FROM {rows}")  # noqa: S608 - the rules' own
