"""FaultyTarget: a target whose own file cannot be read; nothing is known of it but its name and what is wrong there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbops.domain.fault import Fault
from dbops.domain.watch.light import LIGHTS, Light
from dbops.domain.watch.problem import ProblemKind, fault_problem


@dataclass(frozen=True, kw_only=True)
class FaultyTarget:
    """``faults`` are of its own file, or of what all targets inherit; there is at least one."""

    name: str
    faults: tuple[Fault, ...]

    @property
    def light(self) -> Light:
        """What its file asks for is not done at all."""
        return LIGHTS[ProblemKind.FAULT]

    @property
    def reasons(self) -> tuple[str, ...]:
        """A whole sentence on each fault, and what to do."""
        problems = [fault_problem(fault) for fault in self.faults]
        return tuple(problem.told for problem in problems)


def faulty_targets(faults: Iterable[Fault]) -> list[FaultyTarget]:
    """Those of the ``faults`` that stand in targets' own files, by target, in the order of their names."""
    by_name: dict[str, list[Fault]] = {}
    for fault in faults:
        if fault.target is not None:
            by_name.setdefault(fault.target, []).append(fault)
    return [FaultyTarget(name=name, faults=tuple(by_name[name])) for name in sorted(by_name)]
