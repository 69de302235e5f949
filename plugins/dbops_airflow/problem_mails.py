"""Problem mails: what a watch found, and whom it has reached. Like every mail of dbops they never raise."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbops.domain.audience import Audience
from dbops.jobs.error_in_words import error_in_words
from dbops_airflow.telling import Told, tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.problem_alerts import ProblemAlert
    from dbops.domain.promises import Problem
    from dbops.domain.target import Target

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mailed:
    """What became of problems that were due, by their keys; ``unsent`` are those that the next watch tries again.

    ``taken`` are those of them that a notifier has taken: only their mail is to be tried again.
    """

    told: Mapping[str, Told]
    unsent: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()

    def ends(self, key: str, notifier: str) -> bool:
        """Whether a problem of what that notifier, or ``MAIL``, missed is over: it took this, or nobody waits for it.

        A notifier that does not want to hear of problems takes none, and people have been told.
        """
        told = self.told.get(key)
        return told is not None and told.is_done and notifier not in told.refused


def mail_problems(
    problems: Sequence[Problem],
    targets: Mapping[str, Target],
    context: Context,
    taken: Collection[str],
    remember: Callable[[Mailed], None],
) -> Mailed:
    """Mail what a watch found, one alert for each target; no notifier hears again of what is already ``taken``.

    ``remember`` is called between two alerts, with what became of those before; the others count as unsent. So a watch
    that is killed repeats the alert that it was telling, and not all of them. That it fails is logged.
    """
    from dbops.domain.problem_alerts import problem_alerts

    facts, link = [("Run", str(context["run_id"]))], context["ti"].log_url
    untaken = [problem for problem in problems if problem.key not in taken]
    fresh = {mailing.alert.target: mailing for mailing in problem_alerts(untaken, targets, facts, link)}
    told: dict[str, Told] = {}
    unsent: set[str] = set()
    waiting: set[str] = set()
    mailings = problem_alerts(problems, targets, facts, link)
    for place, mailing in enumerate(mailings, start=1):
        new = fresh.get(mailing.alert.target)
        outcome = _tell(mailing, new, context)
        if new is not None:
            told |= dict.fromkeys(new.keys, outcome)
        if not _is_settled(mailing, outcome):
            unsent |= mailing.keys
            waiting |= mailing.keys if outcome.taken else mailing.keys & set(taken)
        if behind := mailings[place:]:
            ahead = frozenset(key for each in behind for key in each.keys)
            so_far = Mailed(dict(told), ahead | unsent, ahead & set(taken) | waiting)
            try:
                remember(so_far)
            except Exception as error:  # noqa: BLE001 - those behind are to hear of it, if the others do twice
                why = error_in_words(error, "remembering what was told")
                _log.warning("What was told so far is told again if this watch does not come to its end: %s", why)
    return Mailed(told, frozenset(unsent), frozenset(waiting))


def _tell(mailing: ProblemAlert, new: ProblemAlert | None, context: Context) -> Told:
    """Mail all of it; the notifiers hear what is new in it. The next watch tries again what is not mailed."""
    if new is not None and new.keys == mailing.keys:
        return tell(mailing.alert, mailing.audience, context, is_mailed_again=True)
    by_mail = tell(mailing.alert, Audience(mailing.audience.recipients), context, is_mailed_again=True)
    if new is None or not mailing.audience.notify:
        return by_mail
    by_notifiers = tell(new.alert, Audience(notify=mailing.audience.notify), context)
    return Told(by_mail.mailed, by_notifiers.taken, by_notifiers.refused)


def _is_settled(mailing: ProblemAlert, told: Told) -> bool:
    """A target that names nobody, or only notifiers that do not want to hear of it, has chosen so.

    A problem without a target must reach somebody.
    """
    is_wanted = bool(mailing.audience.recipients or told.refused) or mailing.alert.target is None
    return told.is_done or not is_wanted
