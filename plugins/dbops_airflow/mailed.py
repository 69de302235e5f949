"""Mailed: which of the problems that were due have reached people, and what of them the next watch tries again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbops.domain.watch.problem_alerts import ProblemAlert
    from dbops_airflow.telling import Told


class Mailed:
    """Kept while a watch tells one alert after the other, by the problems' keys: what was not told yet is unsent.

    ``due`` are all that are to be told, ``taken`` those of which a notifier has heard by an earlier watch.
    """

    def __init__(self, due: Iterable[str], taken: Collection[str]) -> None:
        self._told: dict[str, Told] = {}
        self._unsent = frozenset(due)
        self._taken = self._unsent & frozenset(taken)

    @property
    def unsent(self) -> frozenset[str]:
        """What the next watch tries again."""
        return self._unsent

    @property
    def taken(self) -> frozenset[str]:
        """What of that a notifier has taken: only its mail is to be tried again."""
        return self._taken

    def note(self, mailing: ProblemAlert, news: Collection[str], told: Told) -> None:
        """What became of an alert, of which ``news`` are what notifiers had not taken before."""
        self._told |= dict.fromkeys(news, told)
        if _is_settled(mailing, told):
            self._unsent -= mailing.keys
            self._taken -= mailing.keys
        elif told.taken:
            self._taken |= mailing.keys

    def ends(self, key: str, notifier: str) -> bool:
        """Whether a problem of what that notifier, or ``MAIL``, missed is over: it took this, or nobody waits for it.

        A notifier that does not want to hear of problems takes none, and people have been told.
        """
        told = self._told.get(key)
        return told is not None and told.is_done and notifier not in told.refused

    def sent(self, memory: Mapping[str, datetime]) -> dict[str, datetime]:
        """What the next watch may take for mailed; ``memory`` is when each problem was, if this watch mails all."""
        return {key: moment for key, moment in memory.items() if key not in self._unsent}

    def awaiting_mail(self, taken: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
        """What only waits for its mail, and since when: as in ``taken`` by an earlier watch, or ``now``."""
        return {key: taken.get(key, now) for key in self._taken}


def _is_settled(mailing: ProblemAlert, told: Told) -> bool:
    """A target that names nobody, or only notifiers that do not want to hear of it, has chosen so.

    A problem without a target must reach somebody.
    """
    is_wanted = bool(mailing.audience.recipients or told.refused) or mailing.alert.target is None
    return told.is_done or not is_wanted
