"""KnownTargets: which targets a watch has seen, so that one whose file disappears is missed and not forgotten.

Several Airflows may keep their targets in one folder of one bucket, so what lies there does not tell whose it is. Ours
is what had a file when we looked. Nobody but a watch that has its file renews an index again and again: that tells who
looks after the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dbops.domain.watch.problem import Problem, ProblemKind, key_of

LOOKED_AFTER_WITHIN = timedelta(hours=3)
"""An index that was not renewed for so long belongs to a target that no watch looks after: watches are hourly."""


@dataclass(frozen=True)
class KnownTargets:
    """``ours`` are the targets with backups that had a file, by the moment when it was seen last.

    ``strangers`` had an index and no file when a first watch met them, by that moment: another Airflow's, or one of
    ours whose file was gone before we began. None until such a first look through the folders was possible.
    """

    ours: Mapping[str, datetime] = field(default_factory=dict)
    strangers: Mapping[str, datetime] | None = None

    def without_file(self, named: Collection[str]) -> frozenset[str]:
        """Those among which a target without a file may be; ``named`` are the targets that have one."""
        return frozenset({*self.ours, *(self.strangers or ())}).difference(named)

    def retire(self, retired: Collection[str]) -> KnownTargets:
        """The same without those that are given up on purpose."""
        strangers = None if self.strangers is None else _without(self.strangers, retired)
        return KnownTargets(_without(self.ours, retired), strangers)

    def see(self, backed_up: Iterable[str], now: datetime) -> KnownTargets:
        """The same, after these were seen with a file and backups."""
        return KnownTargets({**self.ours, **dict.fromkeys(backed_up, now)}, self.strangers)

    def compare(
        self, named: Collection[str], renewed: Mapping[str, datetime], now: datetime, *, is_whole: bool
    ) -> KnownTargets:
        """The same, after a look at when each index was ``renewed``; where not ``is_whole``, some may not be listed.

        One without a file that somebody else looks after is no longer ours. A stranger that nobody looks after is.
        """
        ours = {
            name: seen
            for name, seen in self.ours.items()
            if name in named or not _is_another_s(seen, renewed.get(name), now)
        }
        if self.strangers is None and not is_whole:
            return KnownTargets(ours)
        met = self.strangers if self.strangers is not None else dict.fromkeys(renewed, now)
        strangers: dict[str, datetime] = {}
        for name, first in _without(met, {*named, *ours}).items():
            last = renewed.get(name)
            if last is None:
                if not is_whole:
                    strangers[name] = first
            elif now - last > LOOKED_AFTER_WITHIN:
                ours[name] = last
            elif now - first <= LOOKED_AFTER_WITHIN:
                strangers[name] = first
        return KnownTargets(ours, strangers)

    def missing(self, named: Collection[str]) -> list[Problem]:
        """A problem for each of ours that has no file."""
        return [_problem(name, seen) for name, seen in sorted(self.ours.items()) if name not in named]


def _without(moments: Mapping[str, datetime], names: Collection[str]) -> dict[str, datetime]:
    return {name: moment for name, moment in moments.items() if name not in names}


def _is_another_s(seen: datetime, renewed: datetime | None, now: datetime) -> bool:
    """Whether somebody else looks after it: a job of ours that ended after its file had gone renews an index once."""
    return renewed is not None and renewed > seen + LOOKED_AFTER_WITHIN and now - renewed <= LOOKED_AFTER_WITHIN


def _problem(name: str, seen: datetime) -> Problem:
    return Problem(
        kind=ProblemKind.NO_FILE,
        key=key_of(name, ProblemKind.NO_FILE),
        target=name,
        sentence=(
            f"{name} has backups, and no file below include/targets/ any more: it is not backed up, checked or watched."
        ),
        remedy=(
            f"Put include/targets/{name}.yaml back. If it was removed on purpose, say so with a line in "
            "include/retired.yaml, "
            f'as in "{name}: replaced by ..., 2026-11-27"; a target that has another name now is retired under its old '
            "one. If another Airflow looks after it now, this ends by itself in some hours."
        ),
        since=seen,
    )
