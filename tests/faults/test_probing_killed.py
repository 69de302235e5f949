"""After probes that write, every table's contents are what they were, also when somebody pulls the plug."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.options.probes import ProbeOptions
from dbops.gateways.probing import require_runnable
from dbops.gateways.store.probe_runs import read_probe_runs
from dbops.gateways.store.target_indexes import read_index
from tests.backups import NAME, opened
from tests.faults.dying import Dying, Nursery
from tests.faults.job import REPOSITORY, Job, wait_until, working_in
from tests.faults.probing_job import writing
from tests.faults.scene import Scene
from tests.probing_measure import Probing, options

_OURS = "FROM pg_stat_activity WHERE application_name = 'dbops probe' AND datname = current_database()"
_WAITING = f"SELECT count(*) {_OURS} AND wait_event_type = 'Lock'"
_DELETING = "SELECT count(*) FROM pg_locks WHERE relation = 'app_user'::regclass AND mode = 'RowExclusiveLock'"


_FILL = (
    "CREATE TABLE app_user (id int PRIMARY KEY, email text)",
    "CREATE TABLE item (id int PRIMARY KEY, owner int REFERENCES app_user ON DELETE CASCADE, name text)",
    "CREATE TABLE note (id serial, item int REFERENCES item ON DELETE CASCADE)",
    "INSERT INTO app_user SELECT n, n || '@example.org' FROM generate_series(1, 50) n",
    "INSERT INTO item SELECT n, 1 + n % 50, 'item ' || n FROM generate_series(1, 500) n",
    "INSERT INTO note (item) SELECT 1 + n % 500 FROM generate_series(1, 1000) n",
)


@pytest.fixture
def shop(empty_database: str) -> Probing:
    """Users with items with notes, deleted with their user."""
    shop = Probing(empty_database)
    shop.tell(*_FILL)
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


_HEAD = "-- title: a test\n-- model: Test\n-- budget: 30s\n-- samples: 3\n"
_PROBES = {
    "note_create": f"{_HEAD}-- writes: true\nINSERT INTO note (item) VALUES (1)",
    "user_delete": f"{_HEAD}-- writes: true\nUPDATE item SET name = 'x';\n\nDELETE FROM app_user WHERE id = 1",
    "note_find": f"{_HEAD}-- draw:\n--   any: SELECT id FROM item ORDER BY id\nSELECT id FROM note WHERE item = :id",  # noqa: S608 - ours
}
# Within a transaction that is rolled back each sample is like the first; so is each page that goes, and its files.
_LIKE_THE_FIRST = (
    r"(?:INSERT|UPDATE|DELETE|DeleteObject) .* #(?!1$)|DeleteObject .*(?:overview\.png|trend\.png|\.sql) #"
)


def write_probes(include: Path) -> None:
    folder = include / f"sql/{NAME}/probes"
    folder.mkdir(parents=True)
    for part in ("sql/catalog", "report"):
        (include / part).symlink_to(REPOSITORY / "include" / part)
    for name, text in _PROBES.items():
        (folder / f"{name}.sql").write_text(text)


def expect_whole_pages(keys: list[str]) -> None:
    """A page that is there shows its pictures, and has the migrations that it proposes."""
    folders = {key.removesuffix("index.html") for key in keys if key.endswith("/index.html")}
    for folder in folders:
        files = {key.removeprefix(folder).rpartition("/")[2] for key in keys if key.startswith(folder)}
        pictures = {"distribution.png", "overview.png", "trend.png"}
        assert files == {"index.html", "migration.sql", "down.sql"} | pictures, folder


@pytest.mark.timeout(900)  # as many runs as there are steps, on a machine that may be busy
def test_killed_at_any_step_every_table_is_as_it_was_and_a_run_is_kept_whole_or_not_at_all(
    small_scene: Scene, births: Nursery
) -> None:
    scene = small_scene
    shop = Probing(scene.url)
    shop.tell("DROP TABLE films", *_FILL, "INSERT INTO note (item) SELECT 1 + n % 500 FROM generate_series(1, 30000) n")
    before = shop.checksums()
    write_probes(scene.place / "include")
    # A machine that runs other tests meanwhile is slower than usual at times.
    probes = ProbeOptions(keep_reports=1, slower_by_at_least=timedelta(hours=1))
    wanted = scene.target().model_copy(update={"probes": probes})
    environment = scene.environment(wanted)
    probing = Dying(births, "dbops", ["probe", NAME, "--json"], environment, scene.place, spared=_LIKE_THE_FIRST)
    kept = 0
    with opened(wanted, scene.store) as bucket:
        for boundary in probing.attempts():
            wait_until(lambda: not working_in(scene.spool), "every process of the job has ended", 15)
            wait_until(lambda: scene.sessions() == [], "every session of the job has ended", 15)
            assert shop.checksums() == before
            kept += "Object " in boundary and not boundary.endswith("/probes/*.json #1")
            assert len(read_probe_runs(bucket, wanted, 99)) == kept, boundary
            assert len([key for key in scene.objects() if key.endswith("Z.json")]) == kept, boundary
            expect_whole_pages(scene.objects())
        last = read_probe_runs(bucket, wanted, 99)[-1]
        told = read_index(bucket, wanted)
    steps = " ".join(probing.died_at)
    assert all(step in steps for step in ("INSERT INTO note", "UPDATE item", "DELETE FROM app_user")), steps
    assert {f"PutObject team/{NAME}/probes/*.json #{number}" for number in (1, 2)} <= set(probing.died_at), steps
    assert {"DeleteObject", "PutObject"} == {
        step.split()[0] for step in probing.died_at if step.endswith("/index.html #1")
    }, steps
    assert probing.died_at[-1].endswith(f"_indexes/{NAME}.json #1")
    assert [probe.errors for probe in last.results] == [0, 0, 0]
    assert last.page.endswith("/index.html")
    assert told is not None
    assert told.probes is not None
    assert told.probes.finished == last.finished
    (folder,) = {key.rpartition("/index.html")[0] for key in scene.objects() if key.endswith("/index.html")}
    assert {key for key in scene.objects() if ".json" not in key} == {
        key for key in scene.objects() if key.startswith(f"{folder}/")
    }
    assert shop.checksums() == before
