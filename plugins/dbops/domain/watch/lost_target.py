"""LostTarget: a target with backups whose file has disappeared; nothing is known of it but what the watch remembers."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.watch.included_names import IncludedNames
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.light import LIGHTS, Light
from dbops.domain.watch.problem import Problem


@dataclass(frozen=True, kw_only=True)
class LostTarget:
    """``problem`` is the one that the watch mails."""

    name: str
    problem: Problem

    @property
    def light(self) -> Light:
        """What was backed up can be restored, and nothing more is backed up."""
        return LIGHTS[self.problem.kind]

    @property
    def reasons(self) -> tuple[str, ...]:
        """One whole sentence, and what to do."""
        return (self.problem.told,)


def lost_targets(names: IncludedNames, known: KnownTargets) -> list[LostTarget]:
    """Those that are ours, by what a watch has ``known``, and have no file now, in the order of their names.

    None where it cannot be known which have a file, or which are retired: what is wrong there is told as that.
    """
    if names.named is None or names.retired is None:
        return []
    missing = known.retire(names.retired).missing(names.named)
    return [LostTarget(name=problem.target, problem=problem) for problem in missing if problem.target is not None]
