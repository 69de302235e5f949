"""Row sources: from which node of a plan the rows of another come, through those that only hand them on."""

from __future__ import annotations

from dbops.domain.query_plan.node import PlanNode

JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
KEPT = {"Left": "Outer", "Anti": "Outer", "Right": "Inner", "Right Anti": "Inner", "Full": "both"}
"""Which side of a join has all of its rows read."""
# And which may therefore come in an order of its own.
_ORDERED = {**KEPT, "Semi": "Outer", "Right Semi": "Inner", "Full": "none"}
_PASS_ON = {"Hash", "Materialize", "Sort", "Gather", "Gather Merge", "Memoize", "Result"}
_KEEP_ORDER = {"Limit", "Result", "ProjectSet", "Subquery Scan", "LockRows", "Gather Merge", "Nested Loop"}


def through(node: PlanNode) -> PlanNode:
    """What a side of a join reads, below what only hands rows on."""
    while node.type in _PASS_ON and len(node.children) == 1:
        (node,) = node.children
    return node


def sort_under(limit: PlanNode) -> PlanNode | None:
    """The sort whose first rows a limit takes; None where something else gives the order."""
    node: PlanNode | None = limit
    while node is not None and node.type in _KEEP_ORDER:
        node = next((child for child in node.children if child.role in {"Outer", "Subquery"}), None)
    return node if node is not None and node.type == "Sort" and node.children else None


def scan_of(node: PlanNode, alias: str) -> PlanNode | None:
    """The scan that could itself give the rows in order: every row of the sort is one of its rows."""
    if node.table is not None and node.alias == alias:
        return node
    if node.type not in _PASS_ON | JOINS:
        return None
    for child in node.children:
        if child.role not in {"Outer", "Inner"} or _ORDERED.get(node.join, child.role) != child.role:
            continue
        if (found := scan_of(child, alias)) is not None:
            return found
    return None
