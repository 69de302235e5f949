"""Notification: an alert that a notifier or the mail server did not take, kept until the watch has told of it.

The task that was to tell it is over, and nobody reads its log. docs/backup-format.md is the public copy of this file;
change both together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.alerts.notifier_name import MAIL
from dbops.domain.fault import Fault
from dbops.domain.target import Target
from dbops.domain.watch.problem import Problem, ProblemKind, fault_problem, problem_of
from dbops.domain.words.quantities import format_moment
from dbops.domain.words.recorded import Moment

# Somebody has been told of it on each of these days.
_TOLD_FOR = timedelta(days=7)


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class Notification:
    """``refusal`` is a sentence why the notifier did not take the alert with that subject at that moment.

    ``notifier`` is ``MAIL`` where the mail server did not take the mail.
    """

    target: str
    notifier: str
    moment: Moment
    subject: str
    run: str
    refusal: str
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
    return fault_problem(fault, "notifier", "this notifier receives no alerts; mails are still sent")


@dataclass(frozen=True, kw_only=True)
class LostAlerts:
    """What a notifier of a target, or ``MAIL``, did not take, oldest first, and the problem that it is together."""

    problem: Problem
    notifier: str
    notifications: tuple[Notification, ...]


def is_outdated(lost: Notification, now: datetime) -> bool:
    """A week later people have been told every day."""
    return now - lost.moment > _TOLD_FOR


def untaken(target: Target, kept: Iterable[Notification], now: datetime) -> list[LostAlerts]:
    """What is kept of a target, by notifier and of mail; nothing of one that the target no longer uses, or is outdated.

    The oldest is part of the problem's key: where that has been told, what is lost later is another problem, and new.
    """
    told = sorted((one for one in kept if not is_outdated(one, now)), key=lambda one: one.moment)
    ways = (*([MAIL] if target.alerts.recipients else []), *target.alerts.notify)
    by_name = {name: tuple(one for one in told if one.notifier == name) for name in ways}
    return [_lost(target, name, lost) for name, lost in by_name.items() if lost]


def _lost(target: Target, notifier: str, lost: tuple[Notification, ...]) -> LostAlerts:
    first, *later = lost
    more = f" Nor {len(later)} more since, the last {_words(later[-1])}" if later else ""
    is_mail = notifier == MAIL
    who, where = ("The mail server", "the mail server") if is_mail else (f"The notifier {notifier}", "its connection")
    says = "; what it would have said is there" if is_mail else ""
    ends = "when a mail like this one was sent" if is_mail else "when the notifier has taken this"
    problem = problem_of(
        target,
        ProblemKind.NOT_NOTIFIED,
        f"{who} did not take {_words(first)}{more}",
        f"Look at the log of the run {lost[-1].run}{says}, and at {where}; it ends {ends}.",
        detail=f"{'mail' if is_mail else notifier} since {first.moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        since=first.moment,
    )
    return LostAlerts(problem=problem, notifier=notifier, notifications=lost)


def _words(lost: Notification) -> str:
    return f'"{lost.subject}" at {format_moment(lost.moment)}: {lost.refusal}'
