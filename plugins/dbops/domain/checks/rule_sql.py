"""What an expectation of our own asks the server: one number, and for whoever has to look, the rows that break it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from dbops.domain.checks.own_expectations import (
    OWN,
    JsonbToHaveShape,
    JsonType,
    NewestRowWithin,
    QueryToReturnNoRows,
    RowCountToBeAtLeast,
    RowsToBeUnique,
    RowsToHaveParent,
    RowsToSatisfy,
)
from dbops.domain.checks.suite import Rule
from dbops.domain.sql.object_names import TableName, in_sql, quoted, read_table_name
from dbops.domain.sql.text import literal
from dbops.domain.words.quantities import format_count, format_duration

# ruff: noqa: S608 - every statement in here is made of quoted names and of rules that were reviewed and read.

_ALIAS = "broken_row"


@dataclass(frozen=True, kw_only=True)
class RuleQuery:
    """One number, and the bound that it keeps: ``at_most`` or ``at_least`` ``limit``.

    ``sql`` is an expression over all rows of the table where ``in_scan``, so that a table's queries share one scan;
    else a statement. ``counts`` says that the number is that of broken rows. ``rows`` is what follows ``SELECT * FROM``
    in a query of the rows that break the rule; empty where there are none to show. ``of_query`` says that their columns
    are those of a file's query instead of the table's, its key first.
    """

    sql: str
    in_scan: bool = False
    bound: Literal["at_most", "at_least"] = "at_most"
    limit: float = 0
    counts: bool = True
    rows: str = ""
    of_query: bool = False
    shown: str = ""

    def holds(self, number: float | None) -> bool:
        """Whether the number keeps its bound; no number does not."""
        if number is None:
            return False
        return number <= self.limit if self.bound == "at_most" else number >= self.limit

    @property
    def show(self) -> str:
        """A statement, ready to run, that shows the rows which break the rule."""
        return self.shown or (f"SELECT * FROM {self.rows} LIMIT 100;" if self.rows else "")


def query_of(rule: Rule, table: TableName, read_file: Callable[[str], str]) -> RuleQuery:  # noqa: PLR0911
    """What a rule of our own asks; ``read_file`` gives the text of a file of the target's ``checks`` folder."""
    asked: Any = OWN[rule.type].model_validate(dict(rule.kwargs))
    match asked:
        case RowsToSatisfy():
            return _condition(asked.condition, table)
        case JsonbToHaveShape():
            return _condition(shape_condition(asked), table)
        case NewestRowWithin():
            age = f"extract(epoch FROM now() - max({quoted(asked.column)})::timestamptz)::float8"
            return RuleQuery(sql=age, in_scan=True, limit=asked.max_age.total_seconds(), counts=False)
        case RowCountToBeAtLeast():
            return RuleQuery(sql="count(*)", in_scan=True, bound="at_least", limit=asked.min_value, counts=False)
        case RowsToBeUnique():
            return _unique(asked, table)
        case RowsToHaveParent():
            return _orphans(asked, table)
        case QueryToReturnNoRows():
            query = read_file(asked.file).strip()
            rows = f"(\n{query}\n) AS {_ALIAS}"
            return RuleQuery(sql=f"SELECT count(*) FROM {rows}", rows=rows, of_query=True, shown=_ended(query))
    raise NotImplementedError(rule.type)


def sentence_of(query: RuleQuery, number: float | None) -> str:
    """What is wrong where the number does not keep its bound."""
    if query.counts:
        return f"{format_count(int(number or 0), 'row')} break{'s' if number == 1 else ''} it"
    if number is None:
        return "there is no row with a time at all"
    if query.bound == "at_least":
        are = "is" if number == 1 else "are"
        return f"there {are} {format_count(int(number), 'row')}, fewer than {int(query.limit):,}"
    return f"the newest row is {_age(number)} old, more than {_age(query.limit)}"


def shape_condition(asked: JsonbToHaveShape) -> str:
    """The condition over a row that a jsonb column has its shape.

    The paths are strict: a lax one would look into arrays where an object is asked for. What a strict path cannot
    answer is unknown, which is no yes.
    """
    column = f"{quoted(asked.column)}::jsonb"
    wanted = " && ".join(_typed(f"@.{json.dumps(key)}", kind) for key, kind in asked.required.items())
    if asked.is_ == "object":
        tests = " && ".join(filter(None, [_typed("@", "object"), wanted]))
        condition = f"jsonb_path_exists({column}, {literal(f'strict $ ? ({tests})')}, '{{}}', true)"
    elif wanted:
        element = f'@.type() == "object" && {wanted}'
        wrong = literal(f"strict $[*] ? (!({element}) || ({element}) is unknown)")
        condition = (
            f"CASE WHEN jsonb_typeof({column}) = 'array' "
            f"THEN NOT jsonb_path_exists({column}, {wrong}, '{{}}', true) ELSE false END"
        )
    else:
        condition = f"jsonb_typeof({column}) = 'array'"
    return f"{quoted(asked.column)} IS NULL OR ({condition})" if asked.nullable else condition


def _typed(path: str, kind: JsonType) -> str:
    return f'{path}.type() == "{kind}"'


def _condition(condition: str, table: TableName) -> RuleQuery:
    # The line break ends a comment that the condition may end with.
    broken = f"(\n{condition}\n) IS NOT TRUE"
    rows = f"{in_sql(*table)} WHERE {broken}"
    return RuleQuery(sql=f"count(*) FILTER (WHERE {broken})", in_scan=True, rows=rows)


def _unique(asked: RowsToBeUnique, table: TableName) -> RuleQuery:
    columns = ", ".join(map(quoted, asked.columns))
    where = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in asked.columns)
    if asked.where is not None:
        where += f" AND (\n{asked.where}\n)"
    groups = f"FROM {in_sql(*table)} WHERE {where} GROUP BY {columns} HAVING count(*) > 1"
    counted = f"SELECT coalesce(sum(n), 0)::bigint FROM (SELECT count(*) AS n {groups}) AS doubled"
    # ``where`` stands outside too: rows that it leaves out are no duplicates, whatever they hold.
    rows = f"{in_sql(*table)} WHERE {where} AND ({columns}) IN (SELECT {columns} {groups})"
    shown = f"SELECT * FROM {rows} ORDER BY {columns} LIMIT 100;"
    return RuleQuery(sql=counted, rows=rows, shown=shown)


def _orphans(asked: RowsToHaveParent, table: TableName) -> RuleQuery:
    own = [f"{_ALIAS}.{quoted(column)}" for column in asked.columns]
    pairs = zip(own, asked.parent_columns, strict=True)
    found = " AND ".join(f"parent_row.{quoted(theirs)} = {mine}" for mine, theirs in pairs)
    parent = in_sql(*read_table_name(asked.parent))
    where = " AND ".join(f"{column} IS NOT NULL" for column in own)
    rows = (
        f"{in_sql(*table)} AS {_ALIAS} WHERE {where} AND NOT EXISTS (SELECT FROM {parent} AS parent_row WHERE {found})"
    )
    return RuleQuery(sql=f"SELECT count(*) FROM {rows}", rows=rows)


def _ended(query: str) -> str:
    """With its semicolon, which a comment at the end would swallow."""
    return f"{query}\n;" if "--" in query.rpartition("\n")[2] else f"{query};"


def _age(seconds: float) -> str:
    return format_duration(timedelta(seconds=seconds))


def keys_query(query: RuleQuery, keys: Sequence[str], limit: int) -> str:
    """A query of the keys of the first rows that break the rule, as texts; ``keys`` are expressions over such a row."""
    if query.of_query:
        keys = [f"dbops_key_{number}" for number, _ in enumerate(keys or ("",))]
        return _keys(f"{query.rows}({', '.join(keys)})", keys, limit)
    return _keys(query.rows, keys, limit)


def _keys(rows: str, keys: Sequence[str], limit: int) -> str:
    texts = ", ".join(f"({key})::text" for key in keys)
    return f"SELECT {texts} FROM {rows} ORDER BY {', '.join(keys)} LIMIT {limit}"
