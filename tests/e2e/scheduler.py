"""The scheduler of the stack's Airflow: killed as the kernel does it, and started again as an operating system does."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from demo.processes import Daemon, ProcessRecord
from tests.e2e.waiting import eventually
from tests.processes import children_of, descendants_of

if TYPE_CHECKING:
    from demo.postgres import EmbeddedPostgres
    from tests.e2e.running_stack import RunningStack

_LOG = "scheduler.log"
_OTHERS_TAKE = 2.0  # seconds for a transaction, in Airflow's database


class Scheduler:
    """The one scheduler there is: by `airflow standalone`, which does not miss it, or started here in its place."""

    def __init__(self, stack: RunningStack) -> None:
        self._stack = stack
        airflow = stack.demo.airflow
        self._again = Daemon("scheduler", airflow.directory, airflow.directory / _LOG)
        self._command: list[str] = []
        self._environment: dict[str, str] = {}
        self._left: set[ProcessRecord] = set()
        self._is_gone = False

    def kill(self, *, between_transactions: bool = False) -> None:
        """Kill -9 of its process and of no other, which is what the kernel does where memory has run out.

        What it leaves holds its sessions open, and with one that was in a transaction what that has locked.
        """
        pid = self._pid()
        if between_transactions:
            self._stop_between_transactions(pid)
        self._command = _words(pid, "cmdline")
        self._environment = dict(word.split("=", 1) for word in _words(pid, "environ"))
        scheduler = ProcessRecord.of(pid)
        self._left = set(_below(pid))
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: ProcessRecord.of(pid) != scheduler, "the end of the scheduler")
        self._again.stop()  # collects it, where it was started here
        self._is_gone = True

    def start(self) -> None:
        """Start another in its place, beside whatever it has left."""
        pass_its_health_check(self._stack.demo.postgres)
        self._again.start(self._command, env=self._environment, cwd=self._stack.demo.airflow.directory)
        self._is_gone = False

    def kill_what_it_left(self) -> set[int]:
        """Kill -9 of all that it had started, tasks and their programs too; their ids.

        systemd and containers do so before they start it anew.
        """
        killed = set()
        while alive := {process for process in self._with_what_they_started() if process.is_running()}:
            for process in alive:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                killed.add(process.pid)
        return killed

    @contextmanager
    def killed(self, *, between_transactions: bool = False) -> Iterator[None]:
        """From its `kill` on there is none, until another is started: at the end at the latest, however that comes.

        Nothing that it has left outlasts this.
        """
        self.kill(between_transactions=between_transactions)
        try:
            yield
        finally:
            self.kill_what_it_left()
            if self._is_gone:
                self.start()

    def end(self) -> None:
        """End the one that was started here; what it has started ends with the stack."""
        self._again.stop(first=signal.SIGKILL)

    def _pid(self) -> int:
        record = self._again.record if self._again.is_running() else self._stack.demo.airflow.daemon.record
        assert record is not None
        if self._again.is_running():
            return record.pid
        [pid] = [child for child in children_of(record.pid) if "scheduler" in _words(child, "cmdline")]
        return pid

    def _stop_between_transactions(self, pid: int) -> None:
        """Stop it where all that was begun in the database before has come to its end without it."""

        def stops() -> bool:
            os.kill(pid, signal.SIGSTOP)
            [[stopped]] = self._stack.ask("airflow", "SELECT clock_timestamp()")
            query = "SELECT FROM pg_stat_activity WHERE datname = 'airflow' AND xact_start < %s"
            deadline = time.monotonic() + _OTHERS_TAKE
            while self._stack.ask("airflow", query, stopped):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGCONT)
                    return False
                time.sleep(0.1)
            return True

        eventually(stops, "a moment in which the scheduler is in no transaction")

    def _with_what_they_started(self) -> set[ProcessRecord]:
        self._left |= {process for left in self._left if left.is_running() for process in _below(left.pid)}
        return self._left


def pass_its_health_check(postgres: EmbeddedPostgres) -> None:
    """Let the half minute pass after which Airflow takes the scheduler, which has been killed, for gone."""
    with psycopg.connect(postgres.url("airflow")) as session:
        aged = session.execute(
            "UPDATE job SET latest_heartbeat = latest_heartbeat - interval '30 seconds' "
            "WHERE job_type = 'SchedulerJob' AND state = 'running' RETURNING 1"
        ).fetchall()
    assert len(aged) == 1, "there was one scheduler"


def said(stack: RunningStack) -> str:
    """What the scheduler has said, and the one that was started in its place."""
    airflow = stack.demo.airflow
    logs = (airflow.daemon.log, airflow.directory / _LOG)
    return "\n".join(log.read_text(encoding="utf-8") for log in logs if log.exists())


def _below(pid: int) -> Iterator[ProcessRecord]:
    """What a process has started, and what that has."""
    for child in descendants_of(pid):
        if record := ProcessRecord.of(child):
            yield record


def _words(pid: int, kind: str) -> list[str]:
    return Path(f"/proc/{pid}/{kind}").read_text(encoding="utf-8").rstrip("\0").split("\0")
