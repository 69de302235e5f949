"""Promise: whoever of a schema's restore is killed, and whenever, the live database is what it was."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
import pytest

from benchmarks.relay import Relay
from dbops.domain.target import Target
from tests.backups import difference, execute
from tests.drills import public_folder
from tests.faults.dying import Dying, Nursery
from tests.faults.job import REPOSITORY, Job, Outcome, leading, wait_until, working_in
from tests.faults.scene import Scene
from tests.faults.schema_steps import SchemaRequest
from tests.schema_restores import schema_script

_ITS_NAME = re.compile(r"(?<![\w+/])back(?=[.; ])")  # and not a part of a random reel
# How many blocks there are is chance; behind the first, rows are on their way.
SPARED = r"pass on rows #(?!1$)"


@dataclass
class Accident:
    """A live database with a backed-up schema, and restores of it in processes of their own."""

    scene: Scene
    place: Path
    backup: str
    before: list[str]
    rows: int

    @property
    def target(self) -> Target:
        options = self.scene.target().drill.model_copy(update={"directory": str(self.place)})
        return self.scene.target().model_copy(update={"drill": options})

    def start(self, port: int | None = None) -> Job:
        written = self.asked(port)
        command = [sys.executable, "-m", "tests.faults.schema_steps", str(written)]
        job = Job(command, self.environment, self.place, self.scene.place / f"restore-{len(self.scene.jobs)}")
        self.scene.jobs.append(job)
        return job

    def asked(self, port: int | None = None) -> Path:
        request = SchemaRequest(
            target=self.target.model_dump(mode="json"),
            url=self.scene.url.replace(f":{self.scene.server.port}/", f":{port or self.scene.server.port}/"),
            backup=self.backup,
            schema="cinema",
            new_name="back",
            programs=str(self.scene.programs.folder),
        )
        written = self.scene.place / f"restore-{len(self.scene.jobs)}.json"
        written.write_text(json.dumps(asdict(request)))
        return written

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
            "AWS_ENDPOINT_URL": self.scene.proxy.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.scene.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.scene.store.secret_key,
            "AWS_DEFAULT_REGION": self.scene.store.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def is_copying(self) -> bool:
        return any("COPY" in query for _, _, _, query in self.scene.sessions())

    def program(self, job: Job, name: str) -> int:
        found = leading([pid for pid in job.offspring() if Path(f"/proc/{pid}/exe").resolve().name == name])
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def expect_nothing_goes_on(self) -> None:
        self.scene.expect_no_process_and_no_session()
        wait_until(lambda: not working_in(self.place), "every process of the job has ended", 15)

    def is_back(self) -> bool:
        """Whether the schema is there, in which case it is as a whole: every object, and every row."""
        programs, url = self.scene.programs, self.scene.url
        with psycopg.connect(url) as connection:
            if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'back'").fetchall():
                return False
        restored = [_ITS_NAME.sub("cinema", line) for line in schema_script(programs, url, "back")]
        assert difference(restored, schema_script(programs, url, "cinema")) == []
        return True

    def expect_as_before(self) -> None:
        self.expect_nothing_goes_on()
        assert not self.is_back()
        assert difference(self.scene.programs.dump(self.scene.url), self.before) == []

    def expect_recovery(self) -> None:
        outcome = self.start().finish()
        assert outcome.report == {"ok": True, "rows": self.rows}, outcome
        assert list(self.place.iterdir()) == []


@contextmanager
def accident_in(scene: Scene, films: int) -> Iterator[Accident]:
    execute(
        scene.url,
        f"DELETE FROM films WHERE id > {films}",  # noqa: S608 - ours
        "CREATE SCHEMA cinema",
        *(f"ALTER TABLE {table} SET SCHEMA cinema" for table in ("films", "visitors", "tickets", "seats")),
    )
    backup = scene.back_up().backup_id
    with public_folder() as place:
        yield Accident(scene, place, backup, scene.programs.dump(scene.url), films + 3000 + 9000)


@pytest.fixture
def accident(scene: Scene) -> Iterator[Accident]:
    """With enough rows for a slow line to be cut among them, and no more."""
    with accident_in(scene, 20000) as made:
        yield made


@pytest.fixture
def small_accident(small_scene: Scene) -> Iterator[Accident]:
    with accident_in(small_scene, 100) as made:
        yield made


@pytest.fixture
def copying(accident: Accident, slow_line: Relay) -> Callable[[], Job]:
    """Starts a restore and returns when rows go into the live database."""

    def start() -> Job:
        job = accident.start(slow_line.port)
        job.wait_until(accident.is_copying, "rows go into the live database")
        return job

    return start


@pytest.mark.timeout(900)  # as many runs as there are steps, on a machine that may be busy
def test_killed_at_any_step_the_schema_is_there_as_a_whole_or_not_at_all(
    small_accident: Accident, births: Nursery
) -> None:
    accident = small_accident
    dying = Dying(births, "schema", [str(accident.asked())], accident.environment, accident.scene.place, spared=SPARED)
    behind: list[str] = []
    for boundary in dying.attempts():
        accident.expect_nothing_goes_on()
        if not accident.is_back():
            accident.expect_as_before()
            continue
        behind.append(boundary)
        # Whoever begins again hears that it is there, and nothing is written over it.
        assert "There is a schema back" in dying.run().error
        assert accident.is_back()
        execute(accident.scene.url, "DROP SCHEMA back CASCADE")

    steps, told = dying.died_at, " ".join(dying.died_at)
    programs = ("initdb", "postgres", "pg_restore", "psql", "pg_dump", "vacuumdb")
    assert all(f"start {program} #1" in steps for program in programs), steps
    assert {"pass on BEGIN; #1", "pass on rows #1", "pass on COMMIT; #1"} <= set(steps), steps
    assert all(step in told for step in ("CREATE DATABASE", "ALTER SCHEMA", "CREATE SCHEMA")), steps
    assert behind, steps
    assert not set(behind) & set(steps[: steps.index("pass on COMMIT; #1") + 1]), behind
    assert accident.is_back()
    assert list(accident.place.iterdir()) == []


@pytest.mark.parametrize(
    ("victim", "sentence"),
    [
        ("pg_dump", "pg_dump of the throw-away server was ended by signal 9"),
        ("psql", "psql was ended by signal 9 while it loaded schema back"),
        ("postgres", "pg_dump of the throw-away server failed"),
    ],
)
def test_a_program_that_is_killed_in_the_middle_of_the_copy_takes_all_of_it_back(
    accident: Accident, copying: Callable[[], Job], victim: str, sentence: str
) -> None:
    job = copying()
    os.kill(accident.program(job, victim), signal.SIGKILL)
    outcome: Outcome = job.finish()
    assert outcome.status == 3
    assert sentence in outcome.error
    accident.expect_as_before()
    assert list(accident.place.iterdir()) == []
    accident.expect_recovery()


def test_a_network_that_is_cut_in_the_middle_of_the_copy_takes_all_of_it_back(
    accident: Accident, copying: Callable[[], Job], slow_line: Relay
) -> None:
    job = copying()
    slow_line.cut()
    outcome = job.finish()
    assert outcome.status == 3
    assert "schema back" in outcome.error
    wait_until(lambda: not accident.is_copying(), "the server has noticed")
    accident.expect_as_before()
    accident.expect_recovery()
