"""A plan in EXPLAIN's text form, from its nodes: estimates and actual numbers, masked conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbops.domain.query_plan.label import label
from dbops.domain.query_plan.node import PlanNode
from dbops.domain.sql.object_names import quoted

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_SORTED = "Sort Method"
_BUFFERS = {
    "shared hit": "Shared Hit Blocks",
    "shared read": "Shared Read Blocks",
    "shared dirtied": "Shared Dirtied Blocks",
    "temp read": "Temp Read Blocks",
    "temp written": "Temp Written Blocks",
}
_WITHIN = {"Sort Space Used", "Sort Space Type", *_BUFFERS.values()}  # said in a line with others


def text_lines(node: PlanNode, indent: int = 0) -> list[str]:
    """The lines of a node and of those below it, indented by twice as many spaces."""
    lines = []
    if node.subplan:
        lines.append("  " * indent + node.subplan)
        indent += 1
    arrow = "  " * indent + "->  " if indent else ""
    lines.append(f"{arrow}{_title(node)}  {_numbers(node)}")
    indent += 3 if indent else 1
    lines.extend("  " * indent + detail for detail in _details(node))
    for child in node.children:
        lines.extend(text_lines(child, indent))
    return lines


def _title(node: PlanNode) -> str:
    title = label(node)
    if node.index:
        title += f" {'on' if node.type == 'Bitmap Index Scan' else 'using'} {_name(node.index)}"
    if node.table:
        title += f" on {'.'.join(map(_name, node.table))}"
    elif node.subject:
        title += f" on {_name(node.subject)}"
    elif node.alias:
        title += " on"
    if node.alias and (node.table is None or node.alias != node.table[1]):
        title += f" {_name(node.alias)}"
    return title


def _numbers(node: PlanNode) -> str:
    numbers = f"(cost={node.cost[0]:.2f}..{node.cost[1]:.2f} rows={node.estimate:.0f} width={node.width})"
    if node.loops is None:
        return numbers
    if not node.loops:
        return f"{numbers} (never executed)"
    time = f"time={node.time_ms[0]:.3f}..{node.time_ms[1]:.3f} " if node.time_ms else ""
    return f"{numbers} (actual {time}rows={_count(node.rows or 0)} loops={node.loops:.0f})"


def _count(rows: float) -> str:
    """Rows on average, as many as they are: of a million and more no digit is left out."""
    return f"{rows:.2f}".rstrip("0").rstrip(".")


def _details(node: PlanNode) -> Iterator[str]:
    for key, texts in node.conditions.items():
        yield f"{key}: {', '.join(texts)}"
    for key, fact in node.facts.items():
        if key == _SORTED:
            kind, used = node.facts.get("Sort Space Type", "Memory"), node.facts.get("Sort Space Used", 0)
            yield f"{key}: {fact}  {kind}: {used}kB"
        elif key == "Peak Memory Usage":
            yield f"{key}: {fact}kB"
        elif key not in _WITHIN:
            yield f"{key}: {fact}"
    buffers = [f"{word}={node.facts[key]}" for word, key in _BUFFERS.items() if key in node.facts]
    if buffers:
        yield f"Buffers: {' '.join(buffers)}"


def _name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else quoted(name)
