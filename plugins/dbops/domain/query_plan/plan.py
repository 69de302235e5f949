"""Plan: how PostgreSQL executes one statement, from EXPLAIN's JSON. No value of a row and no literal is in it.

Every condition is masked when the document is read, so nothing later can show what the parameters were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbops.domain.query_plan.node import PlanNode
from dbops.domain.query_plan.shape import shape
from dbops.domain.query_plan.text import text_lines

_BETWEEN = "; "


@dataclass(frozen=True, kw_only=True)
class PlanTrigger:
    """A trigger that ran: of a foreign key or other ``constraint``, or by its own ``name``, on a table of that name."""

    name: str
    table: str
    constraint: str = ""
    time_ms: float = 0.0
    calls: int = 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """That of one statement, which begins in ``line`` of its probe's file, for parameters of that ``kind``.

    ``settings`` are those that planning depends on and that are not the server's defaults.
    """

    root: PlanNode
    kind: str = ""
    line: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    planning_ms: float | None = None
    execution_ms: float | None = None
    triggers: tuple[PlanTrigger, ...] = ()

    @classmethod
    def of(cls, document: Sequence[Mapping[str, Any]], *, kind: str = "", line: int = 1) -> Plan:
        """Read what EXPLAIN (FORMAT JSON) answers; raises ValueError where it is something else."""
        try:
            (found,) = document
            return cls(
                root=PlanNode.of(found["Plan"]),
                kind=kind,
                line=line,
                settings=dict(found.get("Settings", {})),
                planning_ms=found.get("Planning Time"),
                execution_ms=found.get("Execution Time"),
                triggers=tuple(_trigger(one) for one in found.get("Triggers", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError("this is not what EXPLAIN (FORMAT JSON) answers") from None

    @property
    def weight(self) -> float:
        """How much of a probe it takes, beside the probe's other plans: its time, or what the planner expects of it."""
        return self.root.cost[1] if self.execution_ms is None else self.execution_ms

    def shape(self) -> str:
        """The plan in a line, without numbers, values and aliases: equal for equal plans, whatever the parameters."""
        return shape(self.root)

    def text(self) -> str:
        """The plan as EXPLAIN writes it for people, with its estimates and actual numbers, every value masked."""
        lines = text_lines(self.root)
        if self.settings:
            lines.append("Settings: " + ", ".join(f"{name} = '{value}'" for name, value in self.settings.items()))
        if self.planning_ms is not None:
            lines.append(f"Planning Time: {self.planning_ms:.3f} ms")
        lines.extend(
            f"Trigger {f'for constraint {one.constraint}' if one.constraint else one.name}: "
            f"time={one.time_ms:.3f} calls={one.calls}"
            for one in self.triggers
        )
        if self.execution_ms is not None:
            lines.append(f"Execution Time: {self.execution_ms:.3f} ms")
        return "\n".join(lines)


def joined_shape(plans: Iterable[Plan]) -> str:
    """The shapes of a probe's statements in one text, as a run keeps them."""
    return _BETWEEN.join(plan.shape() for plan in plans)


def shapes_before(plans: Sequence[Plan], joined: str) -> list[str]:
    """For each plan the shape that its statement had in such a text, empty where it is the same, or not to be told."""
    before = joined.split(_BETWEEN)
    if len(before) != len(plans):  # the probe has got other statements
        return [""] * len(plans)
    return ["" if shape_ == plan.shape() else shape_ for plan, shape_ in zip(plans, before, strict=True)]


def _trigger(found: Mapping[str, Any]) -> PlanTrigger:
    return PlanTrigger(
        name=found["Trigger Name"],
        table=found.get("Relation", ""),
        constraint=found.get("Constraint Name", ""),
        time_ms=found.get("Time", 0.0),
        calls=int(found.get("Calls", 0)),
    )
