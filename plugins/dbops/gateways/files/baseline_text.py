"""The text of a schema.yaml: the same for the same schema, one line a column, hand-written comments kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from dbops.domain.schema.baseline import SchemaBaseline, Table
from dbops.domain.sql.object_names import written
from dbops.gateways.files.yaml_lines import Place, read_yaml_mapping

try:
    from yaml import CSafeDumper as _Base
except ImportError:  # a PyYAML built without libyaml: the same, ten times slower
    from yaml import SafeDumper as _Base  # type: ignore[assignment]

_HEADER = """\
# The schema that {target} must have: `python -m dbops check {target}` compares it with the live one.
# `python -m dbops baseline {target}` shows what has changed since, and with --accept takes it over.
# Review it like code. What stands above the enums is written by hand and stays, as do comments on lines of their own.

# Tables that may be absent, with all that hangs on them, without a word.
optional: []

# Indexes that are missed with a warning: by its name, the statement that makes each.
# recommended_indexes:
#   User_name_idx: CREATE INDEX CONCURRENTLY "User_name_idx" ON public."User" (name)
recommended_indexes: {{}}

"""
_LIVE = re.compile(r"^(?:enums|tables):", re.MULTILINE)
_LIKE_A_COMMENT = re.compile(r"^\s*#", re.MULTILINE)
_COMMENT = re.compile(r"^\s*(#.*)$")


def rendered(target: str, baseline: SchemaBaseline, before: str | None = None) -> str:
    """The text of a schema.yaml for a baseline, with what was written by hand in the one ``before``."""
    head = _HEADER.format(target=target)
    text = _live_part(baseline)
    if before is None:
        return head + text
    start = _LIVE.search(before)
    if start is not None:
        head = before[: start.start()]
    return head + _with_comments(text, before, len(head.splitlines()))


class _Dumper(_Base):
    pass


def _represent_text(dumper: Any, text: str) -> Any:
    style = '"' if "\n" in text else None  # on one line: a key may not have two
    if text.startswith(("view AS\n", "materialized view AS\n")) and not _LIKE_A_COMMENT.search(text):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_labels(dumper: Any, labels: tuple[str, ...]) -> Any:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", labels, flow_style=True)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(tuple, _represent_labels)


def _live_part(live: SchemaBaseline) -> str:
    tables = {written(*name): _table(table) for name, table in sorted(live.tables.items())}
    enums = {written(*name): labels for name, labels in sorted(live.enums.items())}
    listed: str = yaml.dump({"tables": tables}, **_options())
    spaced = re.sub(r"^(?=  [^ ])", "\n", listed, flags=re.MULTILINE)
    return f"{yaml.dump({'enums': enums}, **_options())}\n{spaced}"


def _options() -> dict[str, Any]:
    return {
        "Dumper": _Dumper,
        "sort_keys": False,
        "allow_unicode": True,
        "default_flow_style": False,
        "width": 2**31 - 1,
    }


def _table(table: Table) -> dict[str, Any]:
    parts: dict[str, Any] = {} if table.definition == "table" else {"is": table.definition}
    named = {
        "columns": dict(table.columns),
        "constraints": dict(sorted(table.constraints.items())),
        "indexes": dict(sorted(table.indexes.items())),
        "triggers": dict(sorted(table.triggers.items())),
    }
    return parts | {key: value for key, value in named.items() if value or key == "columns"}


def _with_comments(text: str, before: str, head: int) -> str:
    """The text with the comments that stood above its lines before; ``head`` lines are not looked at."""
    kept = {place: comments for place, comments in _comments(before) if comments[0][0] > head}
    if not kept:
        return text
    places = {line: place for place, line in read_yaml_mapping(text.encode()).lines.items() if place in kept}
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if number in places:
            lines += [comment for _, comment in kept[places[number]]]
        lines.append(line)
    return "".join(lines)


def _comments(text: str) -> Iterator[tuple[Place, list[tuple[int, str]]]]:
    """Each place with the comment lines right above it."""
    places: dict[int, Place] = {}
    for place, number in read_yaml_mapping(text.encode()).lines.items():
        places.setdefault(number, place)
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if _COMMENT.match(line) and number not in places:
            found.append((number, line))
        elif number in places:
            if found:
                yield places[number], found
            found = []
        elif line.strip():
            found = []
