"""How much work a part of a plan is, in rows: the same at every execution, as no time is."""

from __future__ import annotations

from dbops.domain.query_plan.node import PlanNode


def rows_handled(node: PlanNode, *, without: PlanNode | None = None, times: float = 1.0) -> float:
    """The rows that it and all below have returned or thrown away; as estimated, where nothing was executed.

    ``without`` is a node that does not count, though those below it do.
    """
    own = 0.0 if node is without else (node.returned + (node.removed or 0.0)) * times
    return own + sum(
        rows_handled(child, without=without, times=times * _repeated(node, child)) for child in node.children
    )


def _repeated(node: PlanNode, child: PlanNode) -> float:
    """How often a child is executed at one execution of its parent, where that is not counted already."""
    if node.type != "Nested Loop" or child.role != "Inner" or child.rows is not None:
        return 1.0
    return max(1.0, *(other.returned for other in node.children if other.role == "Outer"))
