"""Left to its task: what is odd about a backup is told by the task that made it, and the watch lets it speak first.

Between a backup's manifest and the mail of its task lie seconds, in which a watch would tell the same a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from dbops.domain.watch.problem import Problem, ProblemKind, read_key

LEFT = datetime.min.replace(tzinfo=UTC)
"""In a watch's memory, in the place of when a problem was told: nobody has told it yet, its task was to."""

# An index of thousands of backups, a mail server and notifiers that take their time; and two clocks.
_WITHIN = timedelta(minutes=10)


def left_to_tasks(problems: Iterable[Problem], memory: Mapping[str, datetime], now: datetime) -> frozenset[str]:
    """The keys of those that are not to be told yet, for their backup was finished minutes ago.

    Each is left once. None is of a target whose last one has not been told by its task: where every backup's task is
    killed, and every watch comes right after a backup, the next watch speaks.
    """
    untold = {read_key(key)[0] for key, moment in memory.items() if moment == LEFT}
    return frozenset(
        problem.key
        for problem in problems
        if problem.kind is ProblemKind.SHRUNK
        and problem.since is not None
        and now - problem.since < _WITHIN
        and problem.key not in memory
        and problem.target not in untold
    )


def heard(
    memory: Mapping[str, datetime], told: Mapping[str, datetime], lasting: Collection[str]
) -> dict[str, datetime]:
    """The memory of a watch with what tasks have ``told``, if it is still so or was left to them.

    What the watch has told itself counts, and not what is said of it in a bucket.
    """
    own = {key: told.get(key, moment) if moment == LEFT else moment for key, moment in memory.items()}
    return {key: moment for key, moment in told.items() if key in lasting} | own
