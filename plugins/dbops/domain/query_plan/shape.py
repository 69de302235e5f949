"""A plan's shape: its steps, relations, indexes and columns in a line. Plans of one shape are executed alike."""

from __future__ import annotations

from collections.abc import Iterable

from dbops.domain.query_plan.label import label
from dbops.domain.query_plan.node import PlanNode
from dbops.domain.sql.masked import tokens
from dbops.domain.sql.object_names import unquoted

_ORDERED = ("Sort Key", "Presorted Key", "Group Key")
_BETWEEN = (" > ", " [", " | ", "]", "; ")


def shape(node: PlanNode) -> str:
    """``Limit > Sort by createdAt DESC > Seq Scan on Summary (userId)``; several inputs stand in brackets."""
    step = _step(node)
    below = [shape(child) for child in node.children]
    if not below:
        return step
    return f"{step} > {below[0]}" if len(below) == 1 else f"{step} [{' | '.join(below)}]"


def steps(shape_: str) -> list[str]:
    """The steps of a shape, in its order."""
    for between in _BETWEEN:
        shape_ = shape_.replace(between, "\n")
    return [step for step in shape_.split("\n") if step]


def _step(node: PlanNode) -> str:
    words = [label(node)]
    if node.role in {"InitPlan", "SubPlan"}:
        words.insert(0, f"{node.role}:")
    subject = node.table[1] if node.table else node.subject
    if subject:
        words.append(f"on {subject}")
    ordered = node.conditions.get("Sort Key" if node.type.endswith("Sort") else "Group Key")
    if ordered:
        words.append("by " + ", ".join(map(_without_aliases, ordered)))
    if node.index:
        words.append(f"by {node.index}")
    columns = sorted(
        {column for key, texts in node.conditions.items() if key not in _ORDERED for column in _columns(texts)}
    )
    if columns:
        words.append(f"({', '.join(columns)})")
    return " ".join(words)


def _columns(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        found = tokens(text)
        for place in range(2, len(found)):
            if _is_column(found, place):
                yield unquoted(found[place][1])


def _without_aliases(text: str) -> str:
    found = tokens(text)
    aliases = {place - 2 for place in range(2, len(found)) if _is_column(found, place)}
    kept = (part for place, part in enumerate(found) if place not in aliases and place - 1 not in aliases)
    return "".join(unquoted(text) if kind == "name" else text for kind, text in kept)


def _is_column(found: list[tuple[str, str]], place: int) -> bool:
    """Whether the token is the column of ``alias.column``; with VERBOSE EXPLAIN writes every column so."""
    names = {found[place][0], found[place - 2][0]} <= {"name", "word"}
    call = place + 1 < len(found) and found[place + 1][1] == "("
    return names and found[place - 1][1] == "." and not call
