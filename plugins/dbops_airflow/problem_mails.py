"""Problem mails: what a watch found, and whom it has reached. Like every mail of dbops they never raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbops_airflow.telling import Told, tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.problem_alerts import ProblemAlert
    from dbops.domain.promises import Problem
    from dbops.domain.target import Target


@dataclass(frozen=True)
class Mailed:
    """What became of problems that were due, by their keys; ``unsent`` are those that the next watch tries again."""

    told: Mapping[str, Told]
    unsent: frozenset[str]

    def ends(self, key: str, notifier: str) -> bool:
        """Whether a problem of what that notifier has missed is over: it has taken this, or nobody waits for it.

        A notifier that does not want to hear of problems takes none, and people have been told.
        """
        told = self.told.get(key)
        return told is not None and told.is_done and notifier not in told.refused


def mail_problems(problems: Sequence[Problem], targets: Mapping[str, Target], context: Context) -> Mailed:
    """Mail what a watch found, one alert for each target."""
    from dbops.domain.problem_alerts import problem_alerts

    told: dict[str, Told] = {}
    unsent: set[str] = set()
    for mailing in problem_alerts(problems, targets, [("Run", str(context["run_id"]))], context["ti"].log_url):
        outcome = tell(mailing.alert, mailing.audience, context)
        told |= dict.fromkeys(mailing.keys, outcome)
        if not _is_settled(mailing, outcome):
            unsent |= mailing.keys
    return Mailed(told, frozenset(unsent))


def _is_settled(mailing: ProblemAlert, told: Told) -> bool:
    """A target that names nobody, or only notifiers that do not want to hear of it, has chosen so.

    A problem without a target must reach somebody.
    """
    is_wanted = bool(mailing.audience.recipients or told.refused) or mailing.alert.target is None
    return told.is_done or not is_wanted
