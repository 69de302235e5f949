"""A whole night of jobs, once, through Airflow's API: backup and drill beside the checks, then probes, then watch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from demo import target
from demo.airflow_api import AirflowApi
from demo.dag_run import RunFailed, follow, together, wait_for_dag, wait_for_run_after
from demo.display import Display
from demo.facts import Facts, of_backup, of_checks, of_drill, of_probes, of_watch
from demo.records import Records

WITHIN = 1800.0
"""Seconds that one run may take."""


@dataclass(frozen=True)
class Job:
    """A job as people call it, its DAG, and the task whose result says how it went."""

    name: str
    dag_id: str
    task_id: str


BACKUP = Job("backup", f"backup__{target.NAME}", "back_up")
DRILL = Job("drill", f"drill__{target.NAME}", "drill")
CHECKS = Job("checks", f"check__{target.NAME}", "check")
PROBES = Job("probes", f"probe__{target.NAME}", "probe")
WATCH = Job("watch", "watch", "watch")


class Night:
    """Runs of the jobs, a row of the display each. `runs` are their ids, by job; `failures` why a run has failed."""

    def __init__(self, api: AirflowApi, records: Records, display: Display) -> None:
        self.runs: dict[Job, str] = {}
        self.failures: dict[Job, RunFailed] = {}
        self._api = api
        self._records = records
        self._display = display

    @property
    def failed_runs(self) -> list[str]:
        """The ids of the runs that have failed."""
        return [self.runs[job] for job in self.failures if job in self.runs]

    def require_success(self) -> None:
        """Raise RunFailed, with every reason, where a run has failed."""
        if self.failures:
            raise RunFailed("\n\n".join(map(str, self.failures.values())))

    def whole(self) -> Iterator[None]:
        """Every job. The probes are alone, for they measure; checks and drill share two cores, for they mostly wait."""
        yield from together(self.backup_and_drill(), self.checks())
        yield from self._job(PROBES, of_probes)
        yield from self._job(WATCH, lambda _: of_watch(self._log(WATCH)))

    def backup_and_drill(self) -> Iterator[None]:
        """A backup, and the drill that its arrival starts; that one does nothing where none is due, and says so."""
        # While a DAG is paused, Airflow forgets which assets have arrived for it.
        yield from wait_for_dag(self._api, DRILL.dag_id)
        backup_id = yield from self._job(BACKUP, lambda result: of_backup(self._records.manifest(result)))
        if backup_id is None:
            self._display.failed(DRILL.name, "there is no new backup")
            return
        yield from self._job(DRILL, self._drilled, begin=self._started_by_backup)

    def checks(self) -> Iterator[None]:
        """The checks, as every night."""
        yield from self._job(CHECKS, of_checks)

    def drill(self, backup_id: str) -> Iterator[None]:
        """A drill of that backup, due or not."""
        yield from self._job(DRILL, self._drilled, backup=backup_id)

    def _job(
        self,
        job: Job,
        facts: Callable[[Any], Facts],
        *,
        begin: Callable[[], Generator[None, None, str]] | None = None,
        **conf: Any,
    ) -> Generator[None, None, Any]:
        """Run it to its end, and show its verdict and facts; its task's result, None where it has failed."""
        self._display.working(job.name, "starting")
        try:
            yield from wait_for_dag(self._api, job.dag_id)
            run_id = (yield from begin()) if begin else self._api.trigger(job.dag_id, **conf)
            self.runs[job] = run_id
            yield from follow(self._api, job.dag_id, run_id, self._display, row=job.name, seconds=WITHIN)
        except RunFailed as failure:
            self.failures[job] = failure
            self._display.failed(job.name, failure.said)
            return None
        result = self._api.result(job.dag_id, run_id, job.task_id)
        found = facts(result)
        show = self._display.warned if found.is_warning else self._display.done
        show(job.name, found.sentence)
        return result

    def _started_by_backup(self) -> Generator[None, None, str]:
        return wait_for_run_after(self._api, DRILL.dag_id, source_run_id=self.runs[BACKUP])

    def _drilled(self, backup_id: str | None) -> Facts:
        return of_drill(self._records.verdict(backup_id) if backup_id else None, last=self._records.newest_proof())

    def _log(self, job: Job) -> list[str]:
        return self._api.log_lines(job.dag_id, self.runs[job], job.task_id, 1)
