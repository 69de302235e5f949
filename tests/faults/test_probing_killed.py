"""After probes that write, every table's contents are what they were, also when somebody pulls the plug."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.gateways.probing import require_runnable
from tests.faults.job import REPOSITORY, Job, wait_until
from tests.faults.probing_job import writing
from tests.probing_measure import Probing, options

_OURS = "FROM pg_stat_activity WHERE application_name = 'dbops probe' AND datname = current_database()"
_WAITING = f"SELECT count(*) {_OURS} AND wait_event_type = 'Lock'"
_DELETING = "SELECT count(*) FROM pg_locks WHERE relation = 'app_user'::regclass AND mode = 'RowExclusiveLock'"


@pytest.fixture
def shop(empty_database: str) -> Probing:
    """Users with items with notes, deleted with their user."""
    shop = Probing(empty_database)
    shop.tell(
        "CREATE TABLE app_user (id int PRIMARY KEY, email text)",
        "CREATE TABLE item (id int PRIMARY KEY, owner int REFERENCES app_user ON DELETE CASCADE, name text)",
        "CREATE TABLE note (id serial, item int REFERENCES item ON DELETE CASCADE)",
        "INSERT INTO app_user SELECT n, n || '@example.org' FROM generate_series(1, 50) n",
        "INSERT INTO item SELECT n, 1 + n % 50, 'item ' || n FROM generate_series(1, 500) n",
        "INSERT INTO note (item) SELECT 1 + n % 500 FROM generate_series(1, 1000) n",
    )
    return shop


@dataclass
class Run:
    """A run that has deleted everything and is still in its transaction, waiting for what ``other`` holds."""

    job: Job
    other: psycopg.Connection[tuple[Any, ...]]

    def go_on(self) -> None:
        self.other.execute("SELECT pg_advisory_unlock(50)")


def started(shop: Probing, chosen: str, tmp_path: Path) -> Job:
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}"}
    command = [sys.executable, "-m", "tests.faults.probing_job", shop.url, chosen]
    return Job(command, environment, tmp_path / "spool", tmp_path / "job")


@contextmanager
def probing(shop: Probing, tmp_path: Path) -> Iterator[Run]:
    with psycopg.connect(shop.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(50)")
        job = started(shop, "lingering", tmp_path)
        try:
            job.wait_until(lambda: shop.ask(_WAITING) == [(1,)], "everything is deleted")
            assert shop.ask(_DELETING) == [(1,)]
            yield Run(job, other)
        finally:
            if job.process.poll() is None:
                job.kill()


def test_after_a_whole_run_every_table_is_what_it_was(shop: Probing) -> None:
    before = shop.checksums()

    require_runnable(shop.address, writing(), options())
    found = shop.measure(*writing(), free_connections=0)

    assert {one.probe: one.errors for one in found.measured} == {
        "create": 0,
        "update": 0,
        "delete": 0,
        "all": 0,
        "pool": 0,
        "failing": 5,
    }
    assert len(before) == 3
    assert shop.checksums() == before
    shop.wait_until_closed()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_killed_while_it_writes_leaves_every_table_as_it_was(
    shop: Probing, tmp_path: Path, number: signal.Signals
) -> None:
    before = shop.checksums()

    with probing(shop, tmp_path) as run:
        run.job.kill(number)
        run.go_on()  # the server notices when it answers
        shop.wait_until_closed()

    assert shop.checksums() == before


def test_a_run_whose_connection_is_cut_leaves_every_table_as_it_was(shop: Probing, tmp_path: Path) -> None:
    before = shop.checksums()

    with probing(shop, tmp_path) as run:
        shop.ask(f"SELECT pg_terminate_backend(pid) {_OURS}")
        ended = run.job.finish()

    assert ended.status == 1
    assert "DatabaseError" in ended.stderr
    assert "cannot be used" in ended.stderr
    shop.wait_until_closed()
    assert shop.checksums() == before


def test_the_server_ends_a_transaction_whose_client_has_gone_silent(shop: Probing, tmp_path: Path) -> None:
    before = shop.checksums()

    with probing(shop, tmp_path) as run:
        run.job.process.send_signal(signal.SIGSTOP)
        try:
            run.go_on()
            wait_until(lambda: shop.ask(_DELETING) == [(0,)], "its locks are gone")
            shop.wait_until_closed()  # a server's process gives up its locks a moment before it is gone itself
        finally:
            run.job.process.send_signal(signal.SIGCONT)

    assert shop.checksums() == before


def test_a_run_that_is_interrupted_while_a_pool_is_open_ends_its_statements_and_closes_all(
    shop: Probing, tmp_path: Path
) -> None:
    job = started(shop, "pool", tmp_path)
    asleep = f"SELECT count(*) {_OURS} AND wait_event = 'PgSleep'"
    job.wait_until(lambda: shop.ask(asleep) == [(3,)], "the pool is open")

    ended = job.kill(signal.SIGINT)

    assert "KeyboardInterrupt" in ended.stderr
    assert shop.ask(asleep) == [(0,)]
    shop.wait_until_closed()
