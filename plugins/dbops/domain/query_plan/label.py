"""What a step of a plan is called, as EXPLAIN's text form calls it."""

from __future__ import annotations

from dbops.domain.query_plan.node import PlanNode

_AGGREGATES = {"Sorted": "GroupAggregate", "Hashed": "HashAggregate", "Mixed": "MixedAggregate"}
_PARTIAL = {"Partial", "Finalize"}


def label(node: PlanNode) -> str:
    """``Hash Left Join``, ``Partial HashAggregate``, ``Update``: without the relation."""
    name = node.type
    if name == "ModifyTable":
        name = node.operation or name
    elif name == "Aggregate":
        name = _AGGREGATES.get(node.strategy, name)
    elif node.join and node.join != "Inner":
        name = f"{name.removesuffix(' Join')} {node.join} Join"
    if node.partial in _PARTIAL:
        name = f"{node.partial} {name}"
    if node.direction == "Backward":
        name = f"{name} Backward"
    return f"Parallel {name}" if node.is_parallel else name
