"""Promise: wherever a migration is interrupted, the next attempt goes on or refuses, and nothing is applied twice."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from dbops.domain.backups.storage import S3Options
from dbops.domain.migrations.record import MigrationState, StepState
from dbops.errors import MigrationFailed, PlanChanged
from dbops.gateways.s3.bucket import S3Bucket
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.approving import BY, approve
from tests.faults.dying import Dying, Nursery
from tests.faults.job import REPOSITORY, Job, end
from tests.faults.migrate_steps import ApplyRequest
from tests.faults.scratch import drop_scratch_databases
from tests.migrating_apply import COUNT, DROP_INDEX, INDEX, REFUSED, Applying

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUILD = "CREATE INDEX CONCURRENTLY notes_n_idx ON"
READING = "start |.* has started"  # pg_dump, to see that nothing has changed
# Everything that is done again by each attempt, on scratch databases or to see that nothing has changed.
BEFORE_IT_APPLIES = f"{READING}|(CREATE|DROP) DATABASE"
# Slow on the live database alone: scratch has no rows.
SLOW = f"{COUNT} SELECT pg_sleep(60) FROM notes WHERE id = 1;"  # noqa: S608 - ours
# As slow as a test wants.
UNTIL_DELETED = """DO $$ BEGIN
    WHILE EXISTS (SELECT FROM notes WHERE id = 1) LOOP PERFORM pg_sleep(0.05); END LOOP; END $$;"""


@dataclass
class Stage:
    """A migration and the jobs that apply it."""

    applying: Applying
    store: SeaweedS3
    place: Path
    jobs: list[Job] = field(default_factory=list)

    def start(self) -> Job:
        written = self.asked()
        command = [sys.executable, "-m", "tests.faults.migrate_steps", str(written)]
        job = Job(command, self.environment, self.place, written.with_suffix(""))
        self.jobs.append(job)
        return job

    def asked(self) -> Path:
        asked, store = self.applying, self.store
        request = ApplyRequest(
            target=asked.target.model_dump(mode="json", exclude_unset=True),
            url=asked.url,
            scratch_url=asked.scratch_url,
            include=str(asked.include),
            run=asked.run,
            endpoint_url=store.endpoint_url,
            region=store.region,
            access_key=store.access_key,
            secret_key=store.secret_key,
            programs=str(asked.programs),
        )
        written = self.place / f"job-{len(self.jobs)}.json"
        written.write_text(json.dumps(asdict(request)))
        return written

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
            "TMPDIR": str(self.place),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def killed_everywhere(self, births: Nursery, *, ends_with: int = 0, spared: str = "") -> Dying:
        """Apply it, killed at every boundary, until it comes through."""
        dying = Dying(births, "migrate", [str(self.asked())], self.environment, self.place, ends_with, spared)
        for _ in dying.attempts():
            self.applying.expect_no_session()
            assert self.applying.counted() in {0, 1}
        return dying

    def kill_before(self, births: Nursery, statement: str) -> None:
        """Kill -9 right before a statement that begins so."""
        all_else = f"(?!{re.escape(statement)})"
        dying = Dying(births, "migrate", [str(self.asked())], self.environment, self.place, spared=all_else)
        assert next(dying.attempts()).startswith(statement)
        self.applying.expect_no_session()

    def kill_when(self, query: str) -> None:
        """Kill -9 as soon as a session of ours is at work on a statement with these words."""
        job = self.start()
        self.wait_for(job, query)
        assert job.kill().status == -signal.SIGKILL

    def wait_for(self, job: Job, query: str) -> int:
        return job.wait_until(lambda: self.at_work(query), f"it is at {query}")[0]

    def at_work(self, query: str) -> list[int]:
        return [
            pid
            for (pid,) in self.applying.ask(
                f"""SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
                    AND application_name = 'dbops migrate' AND position('{query}' IN query) > 0"""  # noqa: S608
            )
        ]

    def waiting_for_snapshots(self) -> bool:
        """Whether a build waits for old transactions, which is the last thing it does."""
        return bool(
            self.applying.ask("SELECT FROM pg_stat_progress_create_index WHERE phase = 'waiting for old snapshots'")
        )

    def expect_done(self, *names: str) -> None:
        """The next attempt comes to an end, after which each of these is applied by exactly one row."""
        assert self.applying.apply().state is MigrationState.DONE
        assert self.applying.record.names(StepState.APPLIED) == names
        applied = [name for name, state, _ in self.applying.told() if state == "applied"]
        assert sorted(applied) == sorted(names)
        assert "failed" not in {state for _, state, _ in self.applying.told()}
        assert {steps for name, state, steps in self.applying.told() if state == "applied"} <= {0, 1}
        assert {row.logs for row in self.applying.ledger() if row.finished and row.steps} <= {None}
        assert self.applying.check().faults == ()
        self.applying.expect_no_session()


@pytest.fixture
def stage(  # noqa: PLR0917 - fixtures have no other way
    postgres_server: EmbeddedPostgres,
    empty_database: str,
    s3_server: SeaweedS3,
    s3_client: S3Client,
    bucket_name: str,
    tmp_path: Path,
) -> Iterator[Stage]:
    bucket = S3Bucket(s3_client, bucket_name, S3Options(addressing_style="path"))
    applying = Applying(empty_database, tmp_path / "include", bucket, postgres_server.bin_dir)
    made = Stage(applying, s3_server, tmp_path)
    yield made
    end(made.jobs)
    drop_scratch_databases(postgres_server)


@contextmanager
def open_transaction(stage: Stage, statement: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(stage.applying.url) as session:
        session.execute(statement.encode())
        yield session


def test_killed_at_any_step_nothing_is_applied_twice_and_nothing_is_left_out(stage: Stage, births: Nursery) -> None:
    stage.applying.write("1_count", COUNT)
    stage.applying.write("2_index", INDEX)
    stage.applying.ready()

    died_at = stage.killed_everywhere(births, spared=READING).died_at

    told = " ".join(died_at)
    assert all(step in told for step in ("CREATE TABLE", "UPDATE counter SET n =", BUILD)), died_at
    stage.expect_done("0_init", "1_count", "2_index")
    assert stage.applying.counted() == 1


def test_killed_at_any_step_it_goes_on_with_the_yes_that_was_used(stage: Stage, births: Nursery) -> None:
    stage.applying.write("1_count", COUNT)
    stage.applying.approve = ("migrate",)
    digest = stage.applying.ready().digest
    approve(stage.applying.bucket, stage.applying.target, run=stage.applying.run, action="migrate", digest=digest)

    died_at = stage.killed_everywhere(births, spared=BEFORE_IT_APPLIES).died_at

    assert any(re.search(r"PutObject .*/approvals/.*\.consumed", step) for step in died_at), died_at
    stage.expect_done("0_init", "1_count")
    assert stage.applying.record.approved_by == BY
    assert stage.applying.counted() == 1


def test_killed_within_a_transaction_it_is_as_if_it_had_never_begun(stage: Stage) -> None:
    stage.applying.write("1_count", SLOW)
    stage.applying.ready()

    stage.kill_when("pg_sleep")

    stage.applying.tell("DELETE FROM notes WHERE id = 1")  # so that it is not slow again
    stage.expect_done("0_init", "1_count")
    assert stage.applying.counted() == 1


def test_killed_within_a_build_its_leftover_is_removed_and_it_is_built_anew(stage: Stage) -> None:
    stage.applying.write("1_index", INDEX)
    stage.applying.ready()
    with open_transaction(stage, "INSERT INTO notes VALUES (1000, 1)"):
        stage.kill_when("CREATE INDEX CONCURRENTLY")

    stage.expect_done("0_init", "1_index")


def test_where_it_cannot_be_told_what_a_killed_build_has_done_nothing_is_guessed(stage: Stage, births: Nursery) -> None:
    stage.applying.write("1_index", INDEX)
    stage.applying.ready()
    stage.kill_before(births, BUILD)
    stage.applying.tell("CREATE INDEX notes_n_idx ON notes (n DESC)")
    before = stage.applying.told()

    with pytest.raises(PlanChanged, match="It cannot be determined whether 1_index took effect"):
        stage.applying.apply()

    assert stage.applying.told() == before


def test_killed_at_any_step_of_taking_back_the_next_attempt_goes_on_taking_back(stage: Stage, births: Nursery) -> None:
    stage.applying.write("1_column", "ALTER TABLE notes ADD a int;", f"ALTER TABLE notes DROP a; {COUNT}")
    stage.applying.write("2_index", INDEX, DROP_INDEX)
    stage.applying.write("3_rows", REFUSED)
    stage.applying.ready()
    before = stage.applying.schema()

    dying = stage.killed_everywhere(births, ends_with=3, spared=BEFORE_IT_APPLIES)

    assert {"DROP INDEX CONCURRENTLY notes_n_idx #1", "ALTER TABLE notes DROP a #1"} <= set(dying.died_at), dying
    assert dying.outcome is not None
    assert "division by zero" in dying.outcome.error
    assert "Taken back: 2_index, 1_column." in dying.outcome.error
    assert stage.applying.record.state is MigrationState.REVERTED
    assert stage.applying.schema() == before
    assert stage.applying.counted() == 1
    states = Counter(state for _, state, _ in stage.applying.told())
    assert (states["applied"], states["failed"]) == (1, 1), states  # the baseline, and what could not be applied
    assert states.keys() == {"applied", "failed", "rolled back"}, states


def test_killed_in_the_middle_of_a_down_sql_it_is_taken_back_once(stage: Stage) -> None:
    slow_down = f"ALTER TABLE notes DROP a; {SLOW}"
    stage.applying.write("1_column", "ALTER TABLE notes ADD a int;", slow_down)
    stage.applying.write("2_rows", REFUSED)
    stage.applying.ready()
    stage.kill_when("pg_sleep")
    stage.applying.tell("DELETE FROM notes WHERE id = 1")

    with pytest.raises(MigrationFailed, match=r"Taken back: 1_column\."):
        stage.applying.apply()

    assert stage.applying.counted() == 1


def test_a_task_that_is_stopped_cancels_the_statement_and_says_so_in_the_ledger(stage: Stage) -> None:
    stage.applying.write("1_count", SLOW)
    stage.applying.ready()
    job = stage.start()
    stage.wait_for(job, "pg_sleep")

    job.kill(signal.SIGTERM)

    stage.applying.expect_no_session()
    assert stage.applying.told() == [("0_init", "applied", 0), ("1_count", "failed", 0)]
    assert "Database error code: 57014" in (stage.applying.ledger()[-1].logs or "")
    assert "stopped by SIGTERM" in stage.applying.record.interrupted
    stage.applying.tell("DELETE FROM notes WHERE id = 1")
    stage.expect_done("0_init", "1_count")
    assert stage.applying.counted() == 1


def test_a_task_that_is_stopped_within_a_build_leaves_no_invalid_index(stage: Stage) -> None:
    stage.applying.write("1_index", INDEX)
    stage.applying.ready()
    job = stage.start()
    # Whoever only reads is waited for at the build's end, and not at the drop of what it has left.
    with psycopg.connect(stage.applying.url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM counter")
        stage.wait_for(job, "CREATE INDEX CONCURRENTLY")
        job.wait_until(stage.waiting_for_snapshots, "the build is at its end")
        job.kill(signal.SIGTERM)

    assert stage.applying.check().invalid == ()
    stage.applying.expect_no_session()
    stage.expect_done("0_init", "1_index")


def test_a_cut_connection_of_the_migration_is_survived(stage: Stage) -> None:
    stage.applying.write("1_count", SLOW)
    stage.applying.ready()
    job = stage.start()
    pid = stage.wait_for(job, "pg_sleep")
    stage.applying.tell("DELETE FROM notes WHERE id = 1", f"SELECT pg_terminate_backend({pid})")

    assert json.loads(job.finish().stdout) == {"state": "done"}

    assert stage.applying.counted() == 1
    stage.expect_done("0_init", "1_count")


def test_a_cut_connection_of_the_lock_ends_the_attempt_and_the_next_one_sees_what_happened(stage: Stage) -> None:
    stage.applying.write("1_count", f"{COUNT} {UNTIL_DELETED}")
    stage.applying.write("2_index", INDEX)
    stage.applying.ready()
    job = stage.start()
    stage.wait_for(job, "pg_sleep")
    stage.applying.tell(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 72707369",
        "DELETE FROM notes WHERE id = 1",
    )

    outcome = job.finish()

    assert (outcome.status, outcome.report["kind"]) == (3, "DatabaseError")
    assert stage.applying.told()[-1] == ("1_count", "failed", 1)
    stage.expect_done("0_init", "1_count", "2_index")
    assert stage.applying.counted() == 1
