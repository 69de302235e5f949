"""Problem mails: what a watch found, told to people. Like every mail of dbops they never raise."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from dbops.domain.alerts.audience import Audience
from dbops.jobs.error_in_words import error_in_words
from dbops_airflow.mailed import Mailed
from dbops_airflow.telling import Told, tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.target import Target
    from dbops.domain.watch.problem import Problem
    from dbops.domain.watch.problem_alerts import ProblemAlert
    from dbops.domain.watch.report import WatchReport

_log = logging.getLogger(__name__)


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
    from dbops.domain.watch.problem_alerts import problem_alerts

    facts, link = [("Run", str(context["run_id"]))], context["ti"].log_url
    untaken = [problem for problem in problems if problem.key not in taken]
    fresh = {mailing.alert.target: mailing for mailing in problem_alerts(untaken, targets, facts, link)}
    mailings = problem_alerts(problems, targets, facts, link)
    mailed = Mailed((problem.key for problem in problems), taken)
    for place, mailing in enumerate(mailings, start=1):
        new = fresh.get(mailing.alert.target)
        mailed.note(mailing, new.keys if new else (), _tell(mailing, new, context))
        if mailings[place:]:
            _remember(mailed, remember)
    return mailed


def mail_recovered(report: WatchReport, targets: Mapping[str, Target], context: Context) -> None:
    """Mail what is over; what is not taken is kept for the next watch, as other news is."""
    from dbops.domain.watch.recovered import recovered_alerts

    facts, link = [("Run", str(context["run_id"]))], context["ti"].log_url
    for mailing in recovered_alerts(report, targets, facts, link):
        tell(mailing.alert, mailing.audience, context)


def _remember(mailed: Mailed, remember: Callable[[Mailed], None]) -> None:
    try:
        remember(mailed)
    except Exception as error:  # noqa: BLE001 - those behind are to hear of it, if the others do twice
        why = error_in_words(error, "remembering what was told")
        _log.warning("What was reported so far is reported again if this watch does not finish: %s", why)


def _tell(mailing: ProblemAlert, new: ProblemAlert | None, context: Context) -> Told:
    """Mail all of it; the notifiers hear what is new in it. The next watch tries again what is not mailed."""
    if new is not None and new.keys == mailing.keys:
        return tell(mailing.alert, mailing.audience, context, is_mailed_again=True)
    by_mail = tell(mailing.alert, Audience(mailing.audience.recipients), context, is_mailed_again=True)
    if new is None or not mailing.audience.notify:
        return by_mail
    by_notifiers = tell(new.alert, Audience(notify=mailing.audience.notify), context)
    return Told(by_mail.mailed, by_notifiers.taken, by_notifiers.refused)
