"""The starter suite of a table: the rules that its catalog states and that its rows obey today, as commented YAML.

Only yes and no, and the number of rows, are asked of the rows: no value leaves the database.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dbops.domain.schema.baseline import Column, Table
from dbops.domain.sql.object_names import TableName, quoted, written

_MOST = 1_000  # a statement may not have more than 1,664 columns
_ENOUGH = 20  # rows that say something: what holds for three rows is chance
_WITHIN = ((2, "2d"), (7, "7d"), (30, "30d"), (90, "90d"))  # days, and how a file says it
_NUMBERS = re.compile(r"^(smallint|integer|bigint|numeric|real|double precision)\b[^\[]*$")
_MOMENTS = re.compile(r"^(timestamp|date)\b[^\[]*$")
_COMES = re.compile(r"^(created|inserted|occurred|received|recorded|logged)_?(at|on|time)?$", re.IGNORECASE)
_LIES_AHEAD = re.compile(
    r"expir|until|due|next|end|valid|schedul|trial|renew|plan|deadline|start|from|to$", re.IGNORECASE
)
_PLAIN = re.compile(r"^[A-Za-z_][\w./ -]*$")
_YAML_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True)
class Key:
    """Columns that are unique, where a ``predicate`` holds, or, with a ``parent``, that have to be there."""

    columns: tuple[str, ...]
    predicate: str | None = None
    parent: TableName | None = None
    parent_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """A rule that a suite may contain."""

    type: str
    kwargs: Mapping[str, Any]
    description: str


@dataclass(frozen=True)
class Candidate:
    """A rule that may come into the suite: ``holds`` is an aggregate over all rows, true where they obey it.

    Of the candidates with the same ``about`` only the first that holds becomes a rule.
    """

    about: str
    holds: str
    rule: Suggestion


@dataclass(frozen=True)
class Answers:
    """How many ``rows`` there are and which candidates hold; where not ``exact``, by a sample of the rows."""

    rows: int
    holds: tuple[bool, ...]
    exact: bool = True


def candidates(table: Table) -> tuple[Candidate, ...]:
    """What to ask of the rows of a table."""
    asked = (one for name, text in table.columns.items() for one in _of_column(name, Column.of(text)))
    return tuple(islice(asked, _MOST))


def starter_suite(
    name: TableName, keys: Sequence[Key], asked: Sequence[Candidate], answers: Answers | None, *, optional: bool = False
) -> str:
    """The text of the file; ``answers`` are None where the rows could not be asked."""
    lines = [
        f"# Rules for {_scalar(written(*name))}: what its catalog states, and its rows obeyed when this was written.",
        "# Yours to edit: nothing overwrites this file. docs/expectations.md says what else can be asked.",
    ]
    if answers is None:
        lines.append("# The rows could not be read within the time for it, so only the catalog was asked.")
    elif not answers.exact:
        lines.append("# The rows were too many to read all of them: what is said of them was seen in a sample.")
    lines.append(f"table: {_scalar(written(*name))}")
    if optional:
        lines.append("optional: true    # may be absent without a word")
    rules = [*_about_rows(asked, answers), *_about_keys(keys)]
    lines.append("expectations:" if rules else "expectations: []")
    for title, rule in rules:
        lines += [f"  # {title}"] if title else []
        lines += [f"  - type: {rule.type}", f"    kwargs: {_flow(rule.kwargs)}"]
        lines += [f"    meta: {_flow({'description': rule.description})}"]
    return "\n".join(lines) + "\n"


def suite_file_name(name: TableName, taken: Collection[str]) -> str:
    """``Summary.yaml``, with the schema before it unless that is public; never one of ``taken``, whatever the case."""
    parts = name[1:] if name[0] == "public" else name
    stem = re.sub(r"[^\w.-]", "_", ".".join(parts))[:100].lstrip(".") or "table"
    used = {"schema.yaml", *(other.casefold() for other in taken)}
    number, file = 1, f"{stem}.yaml"
    while file.casefold() in used:
        number += 1
        file = f"{stem}-{number}.yaml"
    return file


def _of_column(name: str, column: Column) -> Iterator[Candidate]:
    sql = quoted(name)
    if column.nullable:
        yield _rows(
            f"{name} null", f"{sql} IS NOT NULL", f"{name} is always given, though the schema does not ask for it"
        )
    may_be_null = f"{sql} IS NULL OR " if column.nullable else ""
    if _NUMBERS.match(column.type) and not column.generated:
        yield _rows(f"{name} range", f"{may_be_null}{sql} >= 0", f"{name} is not negative")
    if _MOMENTS.match(column.type) and not _LIES_AHEAD.search(name):
        yield _rows(f"{name} future", f"{may_be_null}{sql} <= {_soon(column)}", f"{name} does not lie in the future")
    if _MOMENTS.match(column.type) and _COMES.match(name):
        yield from _recency(name, column)
    if column.type == "jsonb":
        for shape in ("object", "array"):
            kwargs = {"column": name, "is": shape, "nullable": column.nullable}
            holds = f"count(*) FILTER (WHERE jsonb_typeof({sql}) <> '{shape}') = 0 AND count({sql}) > 0"
            rule = Suggestion("expect_jsonb_to_have_shape", kwargs, f"{name} is an {shape}")
            yield Candidate(f"{name} shape", holds, rule)


def _rows(about: str, condition: str, description: str) -> Candidate:
    rule = Suggestion("expect_rows_to_satisfy", {"condition": condition}, description)
    return Candidate(about, f"count(*) FILTER (WHERE ({condition}) IS NOT TRUE) = 0", rule)


def _soon(column: Column) -> str:
    if column.type == "date":
        return "current_date + 1"
    now = "now()" if column.type.endswith("with time zone") else "(now() AT TIME ZONE 'UTC')"
    return f"{now} + interval '5 minutes'"  # clocks differ a little


def _recency(name: str, column: Column) -> Iterator[Candidate]:
    now = "now()" if column.type.endswith("with time zone") else "(now() AT TIME ZONE 'UTC')"
    for days, max_age in _WITHIN:
        rule = Suggestion("expect_newest_row_within", {"column": name, "max_age": max_age}, "new rows keep coming")
        # Half the age leaves room for a quiet time.
        yield Candidate(
            f"{name} recency", f"coalesce(max({quoted(name)}) > {now} - interval '{days * 12} hours', false)", rule
        )


def _about_rows(asked: Sequence[Candidate], answers: Answers | None) -> Iterator[tuple[str, Suggestion]]:
    if answers is None or not answers.rows:
        return
    floor = _round_down(max(1, answers.rows // 2))
    title = "Half of the rows there were: fewer means that some were lost."
    yield (
        title,
        Suggestion("expect_row_count_to_be_at_least", {"min_value": floor}, "the table has not lost its rows"),
    )
    if answers.rows < _ENOUGH:
        return
    title, said = "Nothing in the schema enforces these: strike out what holds by chance only.", set[str]()
    for candidate, holds in zip(asked, answers.holds, strict=True):
        if holds and candidate.about not in said:
            said.add(candidate.about)
            yield title, candidate.rule
            title = ""


def _about_keys(keys: Sequence[Key]) -> Iterator[tuple[str, Suggestion]]:
    title = "The catalog proves these nightly; on checks.full_on the rows are read all the same."
    for key in keys:
        columns = ", ".join(key.columns)
        kwargs: dict[str, Any] = {"columns": list(key.columns)}
        if key.parent is None:
            kwargs |= {"where": key.predicate} if key.predicate else {}
            rule = Suggestion("expect_rows_to_be_unique", kwargs, f"{columns} occurs once")
        else:
            kwargs |= {"parent": written(*key.parent), "parent_columns": list(key.parent_columns)}
            rule = Suggestion("expect_rows_to_have_parent", kwargs, f"{columns} leads to a row of {key.parent[1]}")
        yield title, rule
        title = ""


def _round_down(number: int) -> int:
    magnitude: int = 10 ** max(len(str(number)) - 2, 0)
    return number // magnitude * magnitude


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _scalar(value)


def _scalar(text: str) -> str:
    """A text as YAML has it within braces, with as few quotes as can be."""
    if _PLAIN.match(text) and text.casefold() not in _YAML_WORDS and text == text.strip():
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = (char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in text)
    return f'"{"".join(escaped)}"'
