"""Promise: whoever of a schema's restore is killed, and whenever, the live database is what it was."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from benchmarks.relay import Relay
from dbops.domain.target import Target
from tests.backups import difference, execute
from tests.drills import public_folder
from tests.faults.hostile_s3 import Mischief
from tests.faults.job import REPOSITORY, Job, Outcome, leading, wait_until
from tests.faults.scene import Scene

_SCRIPT = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from dbops.domain.backup import BackupId
from dbops.domain.connection import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DbopsError
from dbops.gateways.archive import open_archive
from dbops.gateways.environment import open_bucket
from dbops.jobs.restore_schema import restore_schema

asked = json.loads(sys.argv[1])
target = Target.model_validate(asked["target"])
bucket = open_bucket(target)
try:
    restored = restore_schema(
        target, DatabaseAddress.from_url(asked["url"]), bucket,
        open_archive(bucket, target, BackupId(asked["backup"])), schema="cinema", new_name="back", run="test",
        clock=lambda: datetime.now(UTC), programs=Path(asked["programs"]),
    )
except DbopsError as error:
    print(json.dumps({"error": error.what, "remedy": error.remedy}))
    sys.exit(3)
print(json.dumps({"ok": restored.verification.ok, "rows": restored.verification.rows}))
"""


@dataclass
class Accident:
    """A live database with a backed-up schema, and restores of it in processes of their own."""

    scene: Scene
    place: Path
    backup: str
    before: list[str]

    @property
    def target(self) -> Target:
        options = self.scene.target().drill.model_copy(update={"directory": str(self.place)})
        return self.scene.target().model_copy(update={"drill": options})

    def start(self, port: int | None = None) -> Job:
        url = self.scene.url.replace(f":{self.scene.server.port}/", f":{port or self.scene.server.port}/")
        asked = {
            "target": self.target.model_dump(mode="json"),
            "url": url,
            "backup": self.backup,
            "programs": str(self.scene.programs.folder),
        }
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY / "plugins"),
            "AWS_ENDPOINT_URL": self.scene.proxy.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.scene.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.scene.store.secret_key,
            "AWS_DEFAULT_REGION": self.scene.store.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        command = [sys.executable, "-c", _SCRIPT, json.dumps(asked)]
        job = Job(command, environment, self.place, self.scene.place / f"restore-{len(self.scene.jobs)}")
        self.scene.jobs.append(job)
        return job

    def is_copying(self) -> bool:
        return any("COPY" in query for _, _, _, query in self.scene.sessions())

    def program(self, job: Job, name: str) -> int:
        found = leading([pid for pid in job.offspring() if Path(f"/proc/{pid}/exe").resolve().name == name])
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def expect_as_before(self) -> None:
        self.scene.expect_no_process_and_no_session()
        with psycopg.connect(self.scene.url) as connection:
            assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'back'").fetchall() == []
        assert difference(self.scene.programs.dump(self.scene.url), self.before) == []

    def expect_recovery(self) -> None:
        outcome = self.start().finish()
        assert outcome.report == {"ok": True, "rows": 57000}, outcome
        assert list(self.place.iterdir()) == []


@pytest.fixture
def accident(scene: Scene) -> Iterator[Accident]:
    tables = ("films", "visitors", "tickets", "seats")
    execute(scene.url, "CREATE SCHEMA cinema", *(f"ALTER TABLE {table} SET SCHEMA cinema" for table in tables))
    backup = scene.back_up().backup_id
    with public_folder() as place:
        yield Accident(scene, place, backup, scene.programs.dump(scene.url))


@pytest.fixture
def loading(accident: Accident) -> Callable[[], Job]:
    """Starts a restore and returns when the throw-away server is being loaded."""

    def start() -> Job:
        proxy = accident.scene.proxy
        proxy.misbehave(Mischief.HOLD, when=lambda request: request.method == "GET" and ".dat.zst" in request.path)
        job = accident.start()
        job.wait_until(lambda: Mischief.HOLD in proxy.spoiled, "the throw-away server is loaded")
        return job

    return start


@pytest.fixture
def copying(accident: Accident, slow_line: Relay) -> Callable[[], Job]:
    """Starts a restore and returns when rows go into the live database."""

    def start() -> Job:
        job = accident.start(slow_line.port)
        job.wait_until(accident.is_copying, "rows go into the live database")
        return job

    return start


@pytest.fixture(params=["loading", "copying"])
def started(request: pytest.FixtureRequest) -> Callable[[], Job]:
    chosen: Callable[[], Job] = request.getfixturevalue(request.param)
    return chosen


def test_a_restore_that_is_killed_leaves_no_process_no_session_and_no_schema(
    accident: Accident, started: Callable[[], Job]
) -> None:
    job = started()
    assert job.kill().status == -signal.SIGKILL
    accident.scene.proxy.release()
    accident.expect_as_before()
    accident.expect_recovery()


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
