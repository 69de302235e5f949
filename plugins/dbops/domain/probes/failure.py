"""Probe failure: of which kind an error is, by what the server said of it, and what is to be done about that kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from dbops.domain.health.item import HealthItem
from dbops.domain.probes.run import ProbeResult

# Health items that say who may hold a lock; these are read when the probes are over, and nobody waits any more.
HOLDERS = ("blocked sessions", "idle in transaction", "longest transaction")


class FailureKind(StrEnum):
    """What calls for another remedy."""

    LOCK = "lock"
    TIME_LIMIT = "time limit"
    PERMISSION = "permission"
    REPLICA = "replica"
    OTHER = "other"


# PostgreSQL's English, and what we say of an error by its code alone.
_SAID = (
    (FailureKind.LOCK, ("lock timeout", "55P03", "could not obtain lock")),
    (FailureKind.TIME_LIMIT, ("statement timeout", "57014")),
    (FailureKind.PERMISSION, ("permission denied", "42501", "must be owner")),
    (FailureKind.REPLICA, ("conflict with recovery", "during recovery")),
)


def failure_kind(error: str) -> FailureKind:
    """By the words or the code in it."""
    return next((kind for kind, words in _SAID if any(word in error for word in words)), FailureKind.OTHER)


def failure_remedies(failed: Sequence[ProbeResult], health: Sequence[HealthItem], *, target: str) -> Iterator[str]:
    """What to do about those that failed, a sentence or two for each kind that there is."""
    for kind in FailureKind:
        names = ", ".join(one.probe for one in failed if failure_kind(one.error) is kind)
        if not names:
            continue
        if kind is FailureKind.LOCK:
            yield f"Find who holds the lock that {names} waited for: {_holders(health)}."
        elif kind is FailureKind.TIME_LIMIT:
            yield (
                f"Make {names} faster, by its plan and what is proposed, or give it more time with "
                "probes.statement_timeout."
            )
        elif kind is FailureKind.PERMISSION:
            yield f"Grant our role what {names} needs; the application's own role has it."
        elif kind is FailureKind.REPLICA:
            yield (
                f"Let probes.connection name the primary for {names}: a replica has no rows of unlogged tables, and "
                "ends what hinders its replay."
            )
        else:
            yield (
                f"Fix what fails in {names}; or its file in include/sql/{target}/probes/, if it asks for something "
                "that no longer exists."
            )


def is_told_by(note: str, failed: Sequence[ProbeResult]) -> bool:
    """Whether a note says over again that one of these failed."""
    return any(
        note.startswith(f"{one.probe} was executed ") or f"probe {one.probe} could not be explained" in note.lower()
        for one in failed
    )


def _holders(health: Sequence[HealthItem]) -> str:
    seen = [f"{item.name}, {item.value}" for item in health if item.name in HOLDERS and item.status == "warning"]
    if seen:
        return "; ".join(seen)
    return "pg_blocking_pids() names the process while somebody waits, and when the run was over nobody did"
