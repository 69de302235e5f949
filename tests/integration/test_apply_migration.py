"""Promise: what was approved is applied, once, as Prisma would have it; what fails is taken back, or said plainly."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.approvals.approval import Approval
from dbops.domain.backups.layout import Layout
from dbops.domain.migrations.plan import MigrationPlan
from dbops.domain.migrations.progress import MigrationProgress
from dbops.domain.migrations.record import MigrationState, StepState
from dbops.errors import (
    ApprovalMissing,
    BucketError,
    DbopsError,
    InvalidRequest,
    MigrationFailed,
    PlanChanged,
    PreflightFailed,
)
from dbops.gateways.files.migration_files import migrations_folder
from dbops.gateways.migrating.ledger import LedgerSession
from dbops.gateways.s3.bucket import S3Bucket
from dbops.gateways.store.approvals import record_approval
from dbops.gateways.store.migration_records import note_backup, put_migration
from dbops.jobs.migrations.plan_migration import plan_migration
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create
from tests.backups import NAME, Programs, execute
from tests.clock import now
from tests.drills import public_folder
from tests.faults.job import wait_until
from tests.migrating_apply import COUNT, DROP_INDEX, FORM, INDEX, INIT, REFUSED, Applying

REFERENCE = Path(__file__).parents[2] / "include/sql/summary_app/migrations"


@pytest.fixture
def applying(empty_database: str, tmp_path: Path, bucket: S3Bucket, programs: Programs) -> Applying:
    return Applying(empty_database, tmp_path / "include", bucket, programs.folder)


@contextmanager
def refusing(applying: Applying, kind: type[DbopsError], words: str) -> Iterator[None]:
    """Something that is refused with both sentences, in them these words, and that changes nothing."""
    before = applying.schema(), applying.told()
    with pytest.raises(kind, match=words) as refused:
        yield
    assert refused.value.remedy
    assert (applying.schema(), applying.told()) == before


def test_the_reference_application_gets_its_baseline_and_both_indexes(
    postgres_server: EmbeddedPostgres, tmp_path: Path, bucket: S3Bucket, programs: Programs, empty_database: str
) -> None:
    applying = Applying(empty_database, tmp_path / "include", bucket, programs.folder)
    applying.tell("DROP TABLE notes; DROP TABLE counter;")
    folder = migrations_folder(applying.include, NAME)
    shutil.rmtree(folder)
    shutil.copytree(REFERENCE, folder)
    create(empty_database)
    with public_folder() as place:
        applying.place = place
        applying.ready()
        record = applying.apply()
        check = applying.check()

    assert record.state is MigrationState.DONE
    assert [step.state for step in record.steps] == [StepState.APPLIED] * 3
    assert [(state, steps) for _, state, steps in applying.told()] == [("applied", 0), ("applied", 1), ("applied", 1)]
    baseline, *indexes = applying.ledger()
    assert (baseline.logs, baseline.started) == ("", baseline.finished)
    assert {row.logs for row in indexes} == {None}
    assert check.faults == ()
    built = applying.ask(
        """SELECT indexrelid::regclass::text, indisvalid FROM pg_index
           WHERE indexrelid::regclass::text ~ '(Summary|UsageEvent)_userId_createdAt_idx'"""
    )
    assert sorted(built) == [('"Summary_userId_createdAt_idx"', True), ('"UsageEvent_userId_createdAt_idx"', True)]
    applying.expect_no_session()


def test_an_ordinary_owner_migrates_a_schema_of_its_own(
    postgres_server: EmbeddedPostgres, tmp_path: Path, bucket: S3Bucket, programs: Programs
) -> None:
    owner = f"owner_{secrets.token_hex(4)}"
    postgres_server.create_role(owner, "word", create_databases=True)
    postgres_server.create_database(owner, owner=owner)
    url = postgres_server.url(owner, user=owner, password="word")
    execute(url, "CREATE SCHEMA app", f"ALTER ROLE {owner} SET search_path = app")
    try:
        applying = Applying(url, tmp_path / "include", bucket, programs.folder, schema_name="app")
        applying.write("1_count", COUNT)
        applying.write("2_index", INDEX, DROP_INDEX)
        applying.write("3_rows", REFUSED)
        applying.ready()
        with pytest.raises(MigrationFailed, match="Taken back: 2_index"):
            applying.apply()
        assert applying.ask("SELECT count(*) FROM app._prisma_migrations") == [(4,)]
        assert applying.counted() == 1
    finally:
        postgres_server.drop_database(owner)
        execute(postgres_server.url(), f"DROP ROLE {owner}")


def test_what_is_done_is_done_once(applying: Applying) -> None:
    applying.write("1_count", COUNT)
    applying.write("2_index", INDEX)
    applying.ready()
    done = applying.apply()

    assert applying.apply() == done

    assert applying.counted() == 1
    assert applying.told() == [("0_init", "applied", 0), ("1_count", "applied", 1), ("2_index", "applied", 1)]
    assert [step.seconds >= 0 for step in done.steps] == [True] * 3
    applying.run = "the next"
    assert not applying.plan().is_needed
    assert applying.apply().state is MigrationState.DONE


def test_a_failure_takes_back_what_came_before_it(applying: Applying) -> None:
    applying.write("1_column", f"ALTER TABLE notes ADD a int; {COUNT}", "ALTER TABLE notes DROP a;")
    applying.write("2_index", INDEX, DROP_INDEX)
    applying.write("3_rows", REFUSED)
    applying.ready()
    before = applying.schema()

    with pytest.raises(MigrationFailed) as failure:
        applying.apply()

    assert applying.schema() == before
    assert applying.told() == [
        ("0_init", "applied", 0),
        ("1_column", "rolled back", 1),
        ("2_index", "rolled back", 1),
        ("3_rows", "failed", 0),
    ]
    logs = applying.ledger()[-1].logs or ""
    assert "Migration name: 3_rows" in logs
    assert "Database error code: 22012" in logs
    what, remedy = failure.value.what, failure.value.remedy
    assert "Taken back: 2_index, 1_column." in what
    assert "is as it was before" in what
    assert "prisma migrate resolve --rolled-back 3_rows" in remedy
    assert FORM not in remedy
    record = applying.record
    assert (record.state, record.failure, record.remedy) == (MigrationState.REVERTED, what, remedy)
    assert record.names(StepState.REVERTED) == ("1_column", "2_index")
    with refusing(applying, PlanChanged, "has ended"):
        applying.apply()


def test_what_cannot_be_taken_back_is_said_with_the_backup_and_the_form_to_restore_it(applying: Applying) -> None:
    applying.write("1_column", "ALTER TABLE notes ADD a int;")
    applying.write("2_index", INDEX, DROP_INDEX)
    applying.write("3_rows", REFUSED)
    applying.ready()

    with pytest.raises(MigrationFailed) as failure:
        applying.apply()

    assert "NOT taken back, and in force: 1_column (it has no down.sql)." in failure.value.what
    assert "Taken back: 2_index." in failure.value.what
    record = applying.record
    assert record.state is MigrationState.FAILED
    assert f"The backup {record.backup_id} was made right before." in failure.value.remedy
    assert FORM in failure.value.remedy
    assert [state for _, state, _ in applying.told()] == ["applied", "applied", "rolled back", "failed"]


def test_grants_that_taking_back_has_lost_are_said(applying: Applying) -> None:
    role = f"reader_{secrets.token_hex(4)}"
    view = "CREATE VIEW v AS SELECT id FROM notes;"
    applying.tell(f"CREATE ROLE {role}", view, f"GRANT SELECT ON v TO {role}")
    applying.write("0_init", INIT + view)
    applying.write("1_view", "DROP VIEW v;", view)
    applying.write("2_rows", REFUSED)
    applying.ready()
    try:
        with pytest.raises(MigrationFailed, match=r"grants and owners are NOT: .*public\.v") as failure:
            applying.apply()
        assert "not needed" not in failure.value.remedy
        assert applying.record.state is MigrationState.FAILED
    finally:
        applying.tell(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_down_sql_that_the_live_rows_refuse_leaves_its_migration_in_force(applying: Applying) -> None:
    applying.write("1_column", "ALTER TABLE notes ADD a int;", "ALTER TABLE notes DROP a;")
    applying.write("2_column", "ALTER TABLE notes ADD b int;", f"ALTER TABLE notes DROP b; {REFUSED}")
    applying.write("3_rows", REFUSED)
    applying.ready()

    with pytest.raises(MigrationFailed, match=r"2_column \(its down.sql did not run: division by zero") as failure:
        applying.apply()

    assert "1_column (what came after it could not be taken back)" in failure.value.what
    assert [state for _, state, _ in applying.told()] == ["applied", "applied", "applied", "failed"]
    assert applying.record.state is MigrationState.FAILED


QUOTING = {
    "a cast": "UPDATE secrets SET n = t::int;",
    "a unique key": "INSERT INTO secrets SELECT * FROM secrets;",
    "a message of its own": """DO $$ BEGIN
        IF EXISTS (SELECT FROM secrets) THEN RAISE EXCEPTION 'not %', (SELECT t FROM secrets); END IF; END $$;""",
    "a name out of a row": "SELECT t::regclass FROM secrets;",
    "a down.sql": "UPDATE notes SET n = 1;",
}


@pytest.mark.parametrize("how", QUOTING)
def test_no_row_is_quoted_in_the_ledger_the_record_or_the_error(applying: Applying, how: str) -> None:
    table = "CREATE TABLE secrets (t text PRIMARY KEY, n int);\n"
    applying.write("0_init", INIT + table)
    applying.tell(table, "INSERT INTO secrets VALUES ('alice@example.com')")
    applying.write("1_x", QUOTING[how], QUOTING["a cast"])
    if how == "a down.sql":
        applying.write("2_rows", REFUSED)
    applying.ready()

    with pytest.raises(MigrationFailed) as failure:
        applying.apply()

    told = [failure.value.what, failure.value.remedy, *(row.logs or "" for row in applying.ledger())]
    assert "alice" not in " ".join(told)
    assert b"alice" not in applying.record.to_json()
    assert any("Migration name: " in text for text in told)


def test_a_lock_that_is_not_to_be_had_is_a_failure_after_which_all_is_as_before(applying: Applying) -> None:
    applying.options = {"lock_timeout": "3s"}  # long enough to be seen waiting, whatever else the machine has to do
    applying.write("1_column", "ALTER TABLE notes ADD a int;")
    applying.ready()
    before = applying.schema()
    with psycopg.connect(applying.url) as reader:
        reader.execute("SELECT count(*) FROM notes")
        with pytest.raises(MigrationFailed, match=f"process {reader.info.backend_pid}"):
            applying.apply()

    assert applying.schema() == before
    assert applying.record.state is MigrationState.REVERTED
    assert applying.told()[-1] == ("1_column", "failed", 0)


CHANGES: dict[str, Callable[[Applying], None]] = {
    "another text": lambda one: one.write("1_column", "ALTER TABLE notes ADD b int;"),
    "one more": lambda one: one.write("2_more", "ALTER TABLE notes ADD b int;"),
    "another down.sql": lambda one: one.write("1_column", "ALTER TABLE notes ADD a int;", "ALTER TABLE notes DROP a;"),
    "another schema": lambda one: one.tell("ALTER TABLE counter ADD m int"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_has_changed_since_it_was_approved_is_not_applied(applying: Applying, what: str) -> None:
    applying.write("1_column", "ALTER TABLE notes ADD a int;")
    applying.ready()
    CHANGES[what](applying)

    with refusing(applying, PlanChanged, "is not what its plan says"):
        applying.apply()


BETWEEN: dict[str, Callable[[Applying], None]] = {
    "another text": lambda one: one.write("1_count", "UPDATE counter SET n = n + 1000;"),
    "another down.sql": lambda one: one.write("1_count", COUNT, "UPDATE counter SET n = n - 1000;"),
    "the folder is gone": lambda one: shutil.rmtree(migrations_folder(one.include, NAME) / "1_count"),
}


@pytest.mark.parametrize("what", BETWEEN)
@pytest.mark.parametrize("fails", [False, True], ids=["well", "taken back"])
def test_what_is_executed_are_the_texts_whose_digest_was_compared(
    applying: Applying, what: str, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    applying.write("1_count", COUNT, "UPDATE counter SET n = n - 1;")
    if fails:
        applying.write("2_rows", REFUSED)
    applying.ready()

    def planned(*args: Any, **asked: Any) -> MigrationPlan:
        plan = plan_migration(*args, **asked)
        BETWEEN[what](applying)  # in the moment between
        return plan

    monkeypatch.setattr("dbops.jobs.migrations.apply_migration.plan_migration", planned)
    if fails:
        with pytest.raises(MigrationFailed, match="Taken back: 1_count"):
            applying.apply()
    else:
        applying.apply()

    assert applying.counted() == (0 if fails else 1)


def test_a_text_that_sets_its_own_limits_is_refused_and_one_in_force_is_not(applying: Applying) -> None:
    applying.write("0_init", f"SET statement_timeout = 0; {INIT}")
    applying.write("1_count", COUNT, "SET LOCAL lock_timeout = 0; UPDATE counter SET n = n - 1;")
    with pytest.raises(InvalidRequest, match=r"1_count/down\.sql:1: SET lock_timeout may not stand here"):
        applying.plan()

    applying.write("1_count", COUNT, "UPDATE counter SET n = n - 1;")
    applying.ready()
    assert applying.apply().state is MigrationState.DONE


def test_a_blocker_that_has_come_up_since_is_evaluated_again(applying: Applying) -> None:
    applying.write("1_column", "ALTER TABLE notes ADD a int;")
    applying.ready()
    for key in [one.key for one in applying.bucket.list("") if "/backups/" in one.key]:
        applying.bucket.delete(key)

    with refusing(applying, PreflightFailed, "cannot be done"):
        applying.apply()


def test_nothing_is_applied_without_the_backup_of_this_run(applying: Applying) -> None:
    applying.write("1_column", "ALTER TABLE notes ADD a int;")
    applying.plan()

    with refusing(applying, PreflightFailed, "made no backup"):
        applying.apply()
    note_backup(applying.bucket, applying.target, run=applying.run, backup_id=applying.keep_backup())
    assert applying.apply().state is MigrationState.DONE


def test_nothing_is_applied_that_this_run_has_not_planned(applying: Applying) -> None:
    applying.write("1_column", "ALTER TABLE notes ADD a int;")
    applying.keep_backup()

    with refusing(applying, InvalidRequest, "has planned no migration"):
        applying.apply()


def approve(applying: Applying, digest: str) -> None:
    answer = Approval(
        target=NAME,
        action="migrate",
        digest=digest,
        run=applying.run,
        requested_by="tester",
        requested=now(),
        answered_by="alice",
        answered_by_id="alice",
        answered=now(),
        valid_until=now() + timedelta(hours=1),
    )
    record_approval(applying.bucket, applying.target, answer)


def test_nothing_is_applied_without_consent(applying: Applying) -> None:
    applying.approve = ("migrate",)
    applying.write("1_count", COUNT)
    digest = applying.ready().digest

    with refusing(applying, ApprovalMissing, "Nobody has approved"):
        applying.apply()
    approve(applying, digest)
    assert applying.apply().approved_by == "alice"
    assert applying.counted() == 1


def test_consent_to_another_plan_is_none(applying: Applying) -> None:
    applying.approve = ("migrate",)
    applying.write("1_count", COUNT)
    applying.ready()
    approve(applying, "of another plan")

    with refusing(applying, ApprovalMissing, "does not allow"):
        applying.apply()


class Stopped(BaseException):
    """What a signal raises in the main thread."""


def stopping_when(condition: Callable[[MigrationProgress], bool]) -> Callable[[MigrationProgress], None]:
    def listener(progress: MigrationProgress) -> None:
        if condition(progress):
            raise Stopped("marked in the UI")

    return listener


def test_who_is_stopped_says_so_and_the_same_run_goes_on_where_it_was(applying: Applying) -> None:
    applying.options = {"lock_timeout": "60s"}  # it is stopped as soon as it is seen to wait
    applying.write("1_count", COUNT)
    applying.write("2_column", f"ALTER TABLE notes ADD a int; {COUNT}")
    applying.ready()
    with psycopg.connect(applying.url) as reader:
        reader.execute("SELECT count(*) FROM notes")
        with pytest.raises(Stopped):
            applying.apply(on_progress=stopping_when(lambda seen: bool(seen.waits_for)))

    applying.expect_no_session()
    assert applying.told()[1:] == [("1_count", "applied", 1), ("2_column", "failed", 0)]
    assert "57014" in (applying.ledger()[-1].logs or "")
    record = applying.record
    assert (record.state, record.interrupted) == (MigrationState.APPLYING, "2_column was stopped: marked in the UI")
    assert applying.apply().state is MigrationState.DONE
    assert applying.counted() == 2
    assert applying.told()[2:] == [("2_column", "rolled back", 0), ("2_column", "applied", 1)]
    assert applying.check().faults == ()


def test_who_is_stopped_within_a_build_leaves_no_invalid_index_and_goes_on_later(applying: Applying) -> None:
    applying.write("1_index", INDEX)
    applying.ready()
    writer = psycopg.connect(applying.url)
    writer.execute("INSERT INTO notes VALUES (1000, 1)")

    def stop(progress: MigrationProgress) -> None:
        if progress.waits_for:
            writer.commit()
            raise Stopped

    with pytest.raises(Stopped):
        applying.apply(on_progress=stop)
    writer.close()

    assert applying.check().invalid == ()
    assert applying.apply().state is MigrationState.DONE
    assert applying.check().faults == ()


def test_a_drop_that_was_stopped_half_way_is_dropped_to_the_end_by_the_next_attempt(applying: Applying) -> None:
    applying.write("0_init", f"{INIT}CREATE INDEX notes_n_idx ON notes (n);")
    applying.tell("CREATE INDEX notes_n_idx ON notes (n)")
    applying.write("1_drop", DROP_INDEX)
    applying.ready()
    invalid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('notes_n_idx')"
    with psycopg.connect(applying.url) as reader:
        reader.execute("SELECT count(*) FROM notes")
        with pytest.raises(Stopped):
            applying.apply(on_progress=stopping_when(lambda _: applying.ask(invalid) == [(False,)]))
    assert applying.ask(invalid) == [(False,)]

    assert applying.apply().state is MigrationState.DONE
    assert applying.ask(invalid) == []
    assert applying.told()[-1] == ("1_drop", "applied", 1)


def test_where_no_yes_is_needed_none_runs_out(applying: Applying) -> None:
    applying.write("1_count", COUNT)
    applying.ready()
    with pytest.raises(Stopped):
        applying.apply(on_progress=stopping_when(lambda seen: "begins" in seen.doing))

    assert applying.apply(clock=lambda: now() + timedelta(hours=5)).state is MigrationState.DONE
    assert applying.counted() == 1


def test_a_run_goes_on_no_longer_than_its_approval_counts(applying: Applying) -> None:
    applying.approve = ("migrate",)
    applying.write("1_count", COUNT)
    approve(applying, applying.ready().digest)
    with pytest.raises(Stopped):
        applying.apply(on_progress=stopping_when(lambda seen: "begins" in seen.doing))

    with pytest.raises(ApprovalMissing, match="approval has expired"):
        applying.apply(clock=lambda: now() + timedelta(hours=5))

    assert applying.record.state is MigrationState.FAILED
    assert applying.counted() == 0


def test_a_run_does_not_go_on_where_somebody_has_changed_the_schema_meanwhile(applying: Applying) -> None:
    applying.write("1_count", COUNT)
    applying.ready()
    with pytest.raises(Stopped):
        applying.apply(on_progress=stopping_when(lambda seen: "begins" in seen.doing))
    applying.tell("ALTER TABLE notes ADD theirs int")

    with refusing(applying, PlanChanged, "theirs"):
        applying.apply()


def elsewhere(applying: Applying) -> None:
    name = f"elsewhere_{secrets.token_hex(4)}"
    with psycopg.connect(applying.scratch_url, autocommit=True) as session:
        database = applying.url.rpartition("/")[2].partition("?")[0]
        session.execute(f'CREATE DATABASE "{name}" TEMPLATE "{database}"'.encode())
    applying.url = f"{applying.url.rpartition('/')[0]}/{name}"


MEANWHILE: dict[str, tuple[Callable[[Applying], None], str]] = {
    "another down.sql": (lambda one: one.write("1_index", INDEX, "DROP INDEX CONCURRENTLY notes_pkey;"), "was changed"),
    "its row is gone": (lambda one: one.tell("DELETE FROM _prisma_migrations"), "1_index has disappeared"),
    "another database": (elsewhere, "does not lead to the database"),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_taking_back_goes_on_only_with_what_was_approved_and_where_it_was(applying: Applying, what: str) -> None:
    applying.write("1_index", INDEX, DROP_INDEX)
    applying.write("2_rows", REFUSED)
    applying.ready()
    with pytest.raises(Stopped):
        applying.apply(on_progress=stopping_when(lambda seen: "is taken back" in seen.doing))
    assert applying.record.state is MigrationState.REVERTING
    there = applying.url
    change, words = MEANWHILE[what]
    change(applying)

    with refusing(applying, PlanChanged, words):
        applying.apply()
    if applying.url != there:
        name = applying.url.rpartition("/")[2]
        with psycopg.connect(applying.scratch_url, autocommit=True) as session:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def test_what_the_ledger_knows_nothing_of_any_more_is_not_taken_back(applying: Applying) -> None:
    applying.write("1_index", INDEX, DROP_INDEX)
    applying.write("2_rows", REFUSED)
    applying.ready()

    def forget(progress: MigrationProgress) -> None:
        if progress.name == "2_rows":
            applying.tell("DELETE FROM _prisma_migrations WHERE migration_name = '1_index'")

    with pytest.raises(
        MigrationFailed, match=r"NOT taken back, and in force: 1_index \(.* its row in the ledger is gone"
    ):
        applying.apply(on_progress=forget)
    assert applying.ask("SELECT to_regclass('notes_n_idx') IS NULL") == [(False,)]


def test_a_run_goes_on_only_where_the_rows_of_what_it_has_applied_are_there(applying: Applying) -> None:
    applying.write("1_count", COUNT)
    applying.write("2_count", COUNT)
    applying.ready()
    with pytest.raises(Stopped):
        applying.apply(on_progress=stopping_when(lambda seen: seen.name == "2_count" and "begins" in seen.doing))
    applying.tell("DELETE FROM _prisma_migrations WHERE migration_name = '1_count'")

    with refusing(applying, PlanChanged, "row of 1_count has disappeared"):
        applying.apply()
    assert applying.counted() == 1


@pytest.mark.parametrize("lost", ["-migrate.json", "/migrations/"])
def test_a_store_that_goes_away_when_all_is_applied_does_not_hide_it_and_the_next_attempt_records_it_once(
    applying: Applying, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    applying.write("1_count", COUNT)
    applying.ready()
    with monkeypatch.context() as away:
        refuse_from(away, lost, lambda: applying.told()[1:] == [("1_count", "applied", 1)])
        with pytest.raises(BucketError, match=r"by the ledger: 0_init, 1_count\. Only the record") as gone:
            applying.apply()
    assert "clear this task" in gone.value.remedy

    assert applying.apply().state is MigrationState.DONE

    assert applying.counted() == 1
    assert [entry["migrations"] for entry in audited(applying, "migrate")] == [
        {"0_init": "applied", "1_count": "applied"}
    ]


@pytest.mark.parametrize("lost", ["-migration-failed.json", "/migrations/"])
def test_a_store_that_goes_away_when_all_is_taken_back_does_not_lose_that_either(
    applying: Applying, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    applying.write("1_column", "ALTER TABLE notes ADD a int;", "ALTER TABLE notes DROP a;")
    applying.write("2_rows", REFUSED)
    applying.ready()
    with monkeypatch.context() as away:
        refuse_from(away, lost, lambda: any(row.name == "1_column" and row.rolled_back for row in applying.ledger()))
        with pytest.raises(BucketError, match=r"by the ledger: 0_init; not in force: 1_column, 2_rows\."):
            applying.apply()

    with pytest.raises(MigrationFailed, match="Taken back: 1_column"):
        applying.apply()

    assert len(audited(applying, "migration-failed")) == 1
    assert applying.record.state is MigrationState.REVERTED


def refuse_from(away: pytest.MonkeyPatch, words: str, since: Callable[[], bool]) -> None:
    """The store takes nothing with these words in its key, as soon as that is so."""
    create, put = S3Bucket.create, S3Bucket.put

    def refusing(write: Callable[..., None]) -> Callable[..., None]:
        def refuse(bucket: S3Bucket, key: str, body: object) -> None:
            if words in key and since():
                raise BucketError(f"Could not write s3://{bucket.name}/{key}.", "Look at the store.")
            write(bucket, key, body)

        return refuse

    away.setattr(S3Bucket, "create", refusing(create))
    away.setattr(S3Bucket, "put", refusing(put))


def audited(applying: Applying, action: str) -> list[dict[str, Any]]:
    folder = Layout(applying.target.root).audit_trail
    keys = [stored.key for stored in applying.bucket.list(folder) if stored.key.endswith(f"Z-{action}.json")]
    return [json.loads(applying.bucket.get(key)) for key in keys]


def test_only_one_migrates_at_a_time(applying: Applying) -> None:
    applying.write("1_slow", "SELECT pg_sleep(60) FROM notes WHERE id = 1;")
    applying.ready()
    begun, refused = threading.Event(), list[DbopsError]()

    def stop(progress: MigrationProgress) -> None:
        begun.set()
        if refused:
            raise Stopped

    def other() -> None:
        begun.wait(60)
        try:
            applying.apply()
        except DbopsError as error:
            refused.append(error)

    thread = threading.Thread(target=other)
    thread.start()
    with pytest.raises(Stopped):
        applying.apply(on_progress=stop)
    thread.join()

    assert isinstance(refused[0], PreflightFailed)
    assert "Another migration" in refused[0].what


def test_a_record_that_is_none_is_refused(applying: Applying) -> None:
    applying.ready()
    key = next(one.key for one in applying.bucket.list("") if "/migrations/" in one.key)
    applying.bucket.put(key, b"{}")

    with refusing(applying, InvalidRequest, "is not the record of this migration"):
        applying.apply()


def test_who_has_waited_for_another_attempt_sees_what_that_has_done(applying: Applying) -> None:
    applying.write("1_count", COUNT)
    applying.ready()
    with ThreadPoolExecutor(1) as pool, LedgerSession(applying.address):
        waiting = pool.submit(applying.apply)
        wait_until(
            lambda: any("pg_try_advisory_lock" in query for *_, query in applying.sessions()), "it waits for the lock"
        )
        done = put_migration(applying.bucket, applying.target, applying.record.at(MigrationState.DONE))

    assert waiting.result(60) == done
    assert applying.counted() == 0
