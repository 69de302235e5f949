"""Problem: something of which people are told as long as it lasts, and told once more when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dbops.domain.fault import Fault
from dbops.domain.target import Target


class ProblemKind(StrEnum):
    """What is wrong, worst first."""

    NO_BACKUP = "no backup"
    UNREACHABLE = "backups cannot be looked at"
    LATE = "backup is late"
    NOT_GOOD = "newest backup failed its verification"
    SAME_DATABASE = "another target has the same database"
    NOT_DRILLED = "no backup was proven lately"
    NOT_CHECKED = "checks are late"
    NOT_PROBED = "probes are late"
    FAULT = "file cannot be read"
    NO_FILE = "target has no file"
    NOT_NOTIFIED = "alert was not taken"
    UNREADABLE = "object cannot be read"
    UNFINISHED = "backup never finished"
    STALLED = "backup does not come to an end"
    SHRUNK = "backup is too small"
    FUTURE = "backup is dated in the future"
    PAUSED = "DAG is paused"
    RESTORE_REFUSED = "restore would be refused"
    OLD_DATABASE = "old database is kept"
    LEFT_COPY = "restored database is left"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A promise that is not kept. ``key`` is the same as long as it is the same problem, and can be read by people.

    ``target`` is None where the problem belongs to no target; ``since`` is None where nobody can know it. ``points``
    are further sentences, each of which stands for itself.
    """

    kind: ProblemKind
    key: str
    target: str | None
    sentence: str
    remedy: str
    since: datetime | None = None
    points: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """All of it and what to do, where there is one line for that."""
        return " ".join((self.sentence, *self.points, self.remedy))


def key_of(subject: str, kind: ProblemKind, detail: str = "") -> str:
    """The key of a problem of a target, or of a DAG; ``detail`` tells it from others of its kind."""
    return f"{subject}: {kind}: {detail}" if detail else f"{subject}: {kind}"


def read_key(key: str) -> tuple[str, str, ProblemKind | None]:
    """Of whom the problem of that key is, what is wrong with it, and of which kind that is: None if of none of today's.

    A watch remembers keys, and no problems: what is over is known by them alone.
    """
    subject, _, what = key.partition(": ")
    return subject, what, next((kind for kind in ProblemKind if what == kind or what.startswith(f"{kind}: ")), None)


def problem_of(
    target: Target,
    kind: ProblemKind,
    sentence: str,
    remedy: str,
    *,
    detail: str = "",
    since: datetime | None = None,
    points: tuple[str, ...] = (),
) -> Problem:
    """One of a target's own; ``detail`` tells it from others of its kind."""
    return Problem(
        kind=kind,
        key=key_of(target.name, kind, detail),
        target=target.name,
        sentence=sentence,
        remedy=remedy,
        since=since,
        points=points,
    )


def fault_problem(
    fault: Fault,
    about: str = ProblemKind.FAULT,
    until_then: str = "its target has no DAGs, no backups, and is not watched",
) -> Problem:
    """A file below include/ that cannot be read: what it asks for is not done at all. ``about`` is part of its key."""
    return Problem(
        kind=ProblemKind.FAULT,
        key=f"{fault.path}: {about}: {fault.sentence}",
        target=None,
        sentence=str(fault),
        remedy=f"Correct that file; until then {until_then}.",
    )


def paused_problem(dag_id: str) -> Problem:
    """A DAG that somebody has paused: it will do nothing until somebody unpauses it."""
    name = dag_id.partition("__")[2] or None
    return Problem(
        kind=ProblemKind.PAUSED,
        key=key_of(name or dag_id, ProblemKind.PAUSED, dag_id),
        target=name,
        sentence=f"{dag_id} is paused in Airflow: it does not run.",
        remedy="Unpause it on its page in Airflow; to stop a job for good, set its schedule to null instead."
        if name
        else "Unpause it on its page in Airflow: until then whatever is started of it waits without a word.",
    )
