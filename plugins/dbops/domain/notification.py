"""Notification: whether a notifier took the last alert it was given, as ``notifications/<notifier>.json`` keeps it.

A mail that is not taken turns somebody's task red or stands in its log; a pager that is not reached has only the others
to tell of it. docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.fault import Fault
from dbops.domain.promises import Problem, ProblemKind, problem_of
from dbops.domain.target import Target

# Somebody has had a mail of it on each of these days, and the notifier nothing to take since.
_TOLD_FOR = timedelta(days=7)


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class Notification:
    """``refusal`` is a sentence why the notifier did not take the alert with that subject; empty where it did."""

    target: str
    notifier: str
    moment: datetime
    subject: str
    run: str
    refusal: str = ""
    format: Literal[1] = 1

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> Notification:
        """Read a notification; raises ValueError where it is not one of format 1."""
        return _ADAPTER.validate_json(body)


_ADAPTER = TypeAdapter(Notification)


def notifier_problem(fault: Fault) -> Problem:
    """A notifier that cannot be used as it is described, or that is not described at all."""
    return Problem(
        kind=ProblemKind.FAULT,
        key=f"{fault.path}: notifier: {fault.sentence}",
        target=None,
        sentence=str(fault),
        remedy="Correct that file; until then this notifier takes no alert, and mails go on.",
    )


def untaken(target: Target, last: Notification, now: datetime) -> Problem | None:
    """The problem of an alert that a notifier of this target did not take; over when it has taken another one.

    None too where the target no longer uses it, and a week later: by then the problem has been told every day.
    """
    if not last.refusal or last.notifier not in target.alerts.notify or now - last.moment > _TOLD_FOR:
        return None
    return problem_of(
        target,
        ProblemKind.NOT_NOTIFIED,
        f'The notifier {last.notifier} did not take "{last.subject}" at {last.moment.astimezone(UTC):%Y-%m-%d %H:%M} '
        f"UTC: {last.refusal}",
        f"Look at the log of the run {last.run}, and at its connection; the next alert that it takes ends this.",
        detail=last.notifier,
        since=last.moment,
    )
