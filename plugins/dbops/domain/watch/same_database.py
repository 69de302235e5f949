"""Same database: which targets back up one and the same, as after a file was copied and its connection was not changed.

Each of them looks well, and the database that one of them was meant for may have no backup at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedOrigin
from dbops.domain.watch.problem import Problem, ProblemKind, problem_of
from dbops.domain.words.printable import printable
from dbops.domain.words.quantities import listed

ACCEPTED = "same_database"
"""The word of ``allow`` in a target's file by which it may have another one's database."""

Seen = tuple[Target, IndexedOrigin | None]
"""A target, and of what its newest backup is: None where there is none, or nobody could look."""


def same_database_problems(seen: Iterable[Seen]) -> list[Problem]:
    """One for each target that shares its database with others, where neither it nor they accept that.

    Where the clusters of both are known, these and the databases' names decide; else whether they have one connection.
    """
    asked = [one for one in seen if ACCEPTED not in one[0].allow]
    alike: dict[Hashable, list[Seen]] = defaultdict(list)  # so that thousands need not be compared with each other
    for one in asked:
        for trait in _traits(one):
            alike[trait].append(one)
    problems = []
    for one in asked:
        found = {other[0].name: other for trait in _traits(one) for other in alike[trait]}
        if others := [found[name] for name in sorted(found) if _is_same(one, found[name])]:
            problems.append(_problem(one, others))
    return problems


def _traits(one: Seen) -> list[Hashable]:
    """Two that are the same have one of these in common."""
    target, origin = one
    return [target.connection, *([origin] if _cluster(origin) is not None else [])]


def _is_same(one: Seen, other: Seen) -> bool:
    (target, origin), (neighbour, theirs) = one, other
    if target.name == neighbour.name:
        return False
    if _cluster(origin) is not None and _cluster(theirs) is not None:
        return origin == theirs
    return target.connection == neighbour.connection


def _cluster(origin: IndexedOrigin | None) -> str | None:
    return origin.system_identifier if origin else None


def _problem(one: Seen, others: list[Seen]) -> Problem:
    target, origin = one
    names = listed([neighbour.name for neighbour, _ in others])
    by_connection = all(neighbour.connection == target.connection for neighbour, _ in others)
    shared = (
        f"has the same connection as {names}, {target.connection}"
        if by_connection or origin is None
        else f"has backups of the same database as {names}: {printable(origin.database)}, on the cluster "
        f"{printable(origin.system_identifier or '')}"
    )
    return problem_of(
        target,
        ProblemKind.SAME_DATABASE,
        f"{target.name} {shared}. So the database that it, or one of them, was intended for may have no backup.",
        "Look at the line connection in their files, and where that connection leads; once fixed, this ends with "
        "the next backup. If it is intended, as for two copies in two buckets, or if one server is a physical copy "
        f"of the other, write allow: [{ACCEPTED}] into the file of all but one.",
    )
