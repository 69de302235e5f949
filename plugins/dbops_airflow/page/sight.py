"""Sight: what the page reads, shared by all who look, and never waited for longer than a person would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dbops.domain.backups.backup import BackupId
from dbops.domain.fault import Fault
from dbops.domain.views.overview import Overview
from dbops.domain.views.target_view import BackupView, CheckView, TargetView
from dbops.domain.watch.dag_state import DagState, own_dags
from dbops.domain.watch.faulty_target import FaultyTarget
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.lost_target import LostTarget, lost_targets
from dbops.domain.words.start_id import StartId
from dbops.gateways.clock import utc_now
from dbops.gateways.files.retired_files import read_included_names
from dbops.gateways.files.target_files import TargetFiles, has_file, include_folder, read_targets
from dbops.jobs.target_index.last_indexes import LastIndexes
from dbops.jobs.views.see_backup import see_backup
from dbops.jobs.views.see_run import see_check, see_probe_report
from dbops.jobs.views.see_target import see_target
from dbops.jobs.views.see_targets import see_targets
from dbops_airflow.page.actions import MIGRATE, RESTORE
from dbops_airflow.page.buckets import Buckets
from dbops_airflow.page.dag_states import dag_states
from dbops_airflow.page.readings import Reading, Readings

if TYPE_CHECKING:
    from collections.abc import Collection

    from dbops.domain.target import Target

T = TypeVar("T")

PATIENCE = 12.0
"""Seconds for an answer, after which a person would not believe in it any more."""
AT_ONCE = 60.0
"""An overview that is younger, in seconds, is shown at once: hundreds of targets take seconds to read."""


def _remembered_by_the_watch() -> KnownTargets:
    from dbops_airflow.watch_memory import known_in_database  # brings Airflow, which this module does without

    return known_in_database()


class Sight:
    """``patience`` is how many seconds an answer may take; the stores get two thirds of it, the rest is for us."""

    def __init__(
        self,
        *,
        readings: Readings | None = None,
        buckets: Buckets | None = None,
        states: Callable[[Collection[str]], dict[str, DagState]] = dag_states,
        known: Callable[[], KnownTargets] = _remembered_by_the_watch,
        include: Callable[[], Path] = include_folder,
        patience: float = PATIENCE,
    ) -> None:
        self._readings = readings or Readings()
        self._buckets = buckets or Buckets()
        self._last = LastIndexes()
        self._states, self._known, self._include, self._patience = states, known, include, patience

    async def overview(self, *, again: bool = False) -> Reading[Overview]:
        """Every target, whoever may see it; raises NotAnswered.

        The last one where it is young enough to be shown at once, unless it is to be read ``again``.
        """
        at_once = 0.0 if again else AT_ONCE
        return await self._readings.get("overview", self._overview, within=self._patience, at_once=at_once)

    async def target(self, name: str) -> Reading[TargetView | FaultyTarget | LostTarget | None]:
        """Everything of one target, None where there is and was none of that name; raises NotAnswered."""
        return await self._readings.get(("target", name), lambda: self._target(name), within=self._patience)

    async def backup(self, name: str, backup_id: BackupId) -> Reading[BackupView | None]:
        """One backup; None where there is no such target or backup; raises NotAnswered."""
        key = ("backup", name, backup_id)

        def see(target: Target) -> BackupView | None:
            return see_backup(target, self._buckets.open, backup_id, clock=utc_now, within=self._within)

        return await self._readings.get(key, lambda: self._of(name, see), within=self._patience)

    async def check(self, name: str, check_id: StartId) -> Reading[CheckView | None]:
        """One run of the checks; None where there is no such target or run; raises NotAnswered."""
        key = ("check", name, check_id)

        def see(target: Target) -> CheckView | None:
            return see_check(target, self._buckets.open, check_id, clock=utc_now)

        return await self._readings.get(key, lambda: self._of(name, see), within=self._patience)

    async def probe_report(self, name: str, probe_id: StartId) -> Reading[bytes | str | None]:
        """The HTML that was kept of a run of the probes, or why it cannot be read; None and NotAnswered as above."""
        key = ("probe", name, probe_id)

        def see(target: Target) -> bytes | str | None:
            return see_probe_report(target, self._buckets.open, probe_id)

        return await self._readings.get(key, lambda: self._of(name, see), within=self._patience)

    async def work(self, work: Callable[[], T]) -> T:
        """What is asked or drawn for one user alone, off the event loop; raises NotAnswered."""
        return await self._readings.run(work, within=self._patience)

    def close(self) -> None:
        """Begin nothing more."""
        self._readings.close()

    def _overview(self) -> Overview:
        files = self._files()
        dags = self._states({dag_id for name in files.targets for dag_id in own_dags(name)})
        lost, of_retired = self._lost()
        overview = see_targets(
            list(files.targets.values()),
            (*files.faults, *of_retired),
            self._buckets.open,
            dags,
            clock=utc_now,
            within=self._within,
            last=self._last,
        )
        return replace(overview, lost=tuple(lost))

    def _target(self, name: str) -> TargetView | FaultyTarget | LostTarget | None:
        files = self._files(name)
        target = files.targets.get(name)
        if target is None:
            if files.faults and has_file(self._include(), name):
                return FaultyTarget(name=name, faults=files.faults)
            lost, _ = self._lost()
            return next((one for one in lost if one.name == name), None)
        dags = self._states(own_dags(name))
        return see_target(target, self._buckets.open, dags, clock=utc_now, within=self._within, last=self._last)

    def _of(self, name: str, see: Callable[[Target], T]) -> T | None:
        """What that function sees of the target; None where there is no target of that name."""
        target = self._files(name).targets.get(name)
        return see(target) if target else None

    def _lost(self) -> tuple[list[LostTarget], tuple[Fault, ...]]:
        """And what is wrong with the file that says which are retired."""
        names, faults = read_included_names(self._include())
        return lost_targets(names, self._known()), faults

    def _files(self, only: str | None = None) -> TargetFiles:
        return read_targets(self._include(), only=only)

    @property
    def _within(self) -> timedelta:
        return timedelta(seconds=self._patience * 2 / 3)


def started_by_hand(known: Collection[str]) -> list[str]:
    """The DAGs from which a target's page leads to Airflow: its own that Airflow knows, and those of all targets."""
    return [*known, RESTORE, MIGRATE]
