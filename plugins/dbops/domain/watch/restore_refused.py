"""Restore refused: what stands in the way of a restore that nobody needs yet, by its last rehearsal."""

from __future__ import annotations

from dbops.domain.restores.rehearsal import RESTORED_ELSEWHERE, rehearsal_sentence
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.problem import Problem, ProblemKind, problem_of

_WAYS = (
    "When it is fixed, this ends within two hours; `python -m dbops rehearse {}` checks at once. What a role "
    "needs is in docs/restore.md. If the database is restored in another way on purpose, write allow: [{}] into the "
    "target's file."
)


def refused_restores(target: Target, index: TargetIndex) -> list[Problem]:
    """The problem of a target whose restore would be refused, or could not be planned for hours; else none.

    None either where its file says that it is restored elsewhere.
    """
    rehearsal = index.rehearsal
    if rehearsal is None or not rehearsal.is_lasting or RESTORED_ELSEWHERE in target.allow:
        return []
    return [
        problem_of(
            target,
            ProblemKind.RESTORE_REFUSED,
            rehearsal_sentence(target.name, rehearsal),
            _WAYS.format(target.name, RESTORED_ELSEWHERE),
            since=rehearsal.unknown_since,
            points=rehearsal.refusals,
        )
    ]
