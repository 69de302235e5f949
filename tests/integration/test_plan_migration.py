"""Promise: a plan proves on scratch what a migration would do, names what stands in its way, and changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError, InvalidRequest, PreflightFailed
from dbops.gateways.migrating.ledger import LedgerSession
from dbops.gateways.s3.bucket import S3Bucket
from dbops.jobs.migrations.plan_migration import require_no_blockers
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import TABLES, create
from tests.backups import NAME, Programs
from tests.drills import public_folder
from tests.migrating_plan import Planning, by_name, names, pushed
from tests.servers import running_postgres

CHECKED = {"server", "read and write", "privileges", "pooler", "backup", "disk"} | {
    *("longest transaction", "idle in transaction", "blocked sessions", "replicas", "connections")
}


@pytest.fixture
def planning(
    postgres_server: EmbeddedPostgres, sample_template: str, tmp_path: Path, programs: Programs, bucket: S3Bucket
) -> Iterator[Planning]:
    """Plans of a database that was pushed, where there is a good backup."""
    with pushed(postgres_server, sample_template) as url, public_folder() as place:
        made = Planning(url, tmp_path / "include", place, programs.folder, bucket)
        made.keep_backup()
        yield made
        assert list(place.iterdir()) == [], "the scratch server is gone"


def test_a_pushed_database_gets_a_proven_baseline_and_two_pending_migrations(planning: Planning) -> None:
    plan = planning.plan()

    assert plan.blockers == ()
    assert plan.ledger.needs_baseline
    assert (plan.rows, plan.proof, plan.drift) == (None, (), None)
    assert [(one.name, one.marked, one.concurrently, one.reversible) for one in plan.migrations] == [
        ("0_init", True, False, False),
        ("20261126090000_summary_user_id_created_at_idx", False, True, True),
        ("20261126090100_usage_event_user_id_created_at_idx", False, True, True),
    ]
    assert plan.migrations[0].locks == ()
    ((lock,), (other,)) = (one.locks for one in plan.migrations[1:])
    assert (lock.table, lock.blocks, other.table) == (("public", "Summary"), "neither", ("public", "UsageEvent"))
    assert lock.bytes > 8192
    assert by_name(plan).keys() >= CHECKED
    shown = plan.markdown()
    assert shown.startswith(f"## Migration of {NAME}: mark 0_init as applied and apply 2 migrations")
    assert "Equal: built from the migrations" in shown
    assert 'CREATE INDEX CONCURRENTLY "Summary_userId_createdAt_idx"' in shown
    require_no_blockers(plan)


def test_a_plan_leaves_the_database_as_it_is_to_the_byte_and_takes_no_lock_that_a_writer_waits_for(
    planning: Planning, programs: Programs
) -> None:
    before, stored = programs.dump(planning.url), [one.key for one in planning.bucket.list("")]
    with psycopg.connect(planning.url) as writer:
        # Beside it nothing is granted but what plain reading takes, and for that no writer ever waits.
        for schema, name in writer.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall():
            writer.execute(f'LOCK TABLE "{schema}"."{name}" IN EXCLUSIVE MODE'.encode())
        plan = planning.plan()

    assert plan.blockers == ()
    assert programs.dump(planning.url) == before
    assert [one.key for one in planning.bucket.list("")] == stored


def test_the_same_plan_has_the_same_digest_whatever_is_written_meanwhile(planning: Planning) -> None:
    first = planning.plan()
    planning.tell("""INSERT INTO "User" (id, email, "updatedAt") VALUES ('x', 'x@example.com', now())""", "ANALYZE")

    assert planning.plan().digest == first.digest

    planning.tell('CREATE INDEX by_hand ON "User" ("updatedAt")')
    assert planning.plan().digest != first.digest


def test_when_all_is_applied_there_is_nothing_to_do(planning: Planning) -> None:
    planning.apply_all()

    plan = planning.plan()

    assert not plan.is_needed
    assert (plan.blockers, plan.statements, plan.proof, plan.drift) == ((), (), None, ())
    assert plan.ledger.applied == tuple(one.name for one in planning.migrations)


def no_migrations(planning: Planning) -> None:
    for migration in planning.migrations:
        for file in (planning.folder / migration.name).iterdir():
            file.unlink()
        (planning.folder / migration.name).rmdir()


def unlike_its_baseline(planning: Planning) -> None:
    planning.tell('ALTER TABLE "Summary" DROP COLUMN quotes')


def begun_and_never_finished(planning: Planning) -> None:
    planning.apply_all()
    planning.write("3_half", "CREATE TABLE half (id int)")
    planning.write("4_after_it", "ALTER TABLE half ADD note text")
    with LedgerSession(DatabaseAddress.from_url(planning.url)) as ledger:
        ledger.begin(planning.migrations[-2], datetime.now(UTC))


def failed_at_the_first(planning: Planning) -> None:
    with LedgerSession(DatabaseAddress.from_url(planning.url)) as ledger:
        ledger.create()
        ledger.begin(planning.migrations[0], datetime.now(UTC))


def edited(planning: Planning) -> None:
    planning.apply_all()
    name = planning.migrations[-1].name
    planning.write(name, f"-- better\n{planning.migrations[-1].sql}")


def drifted(planning: Planning) -> None:
    planning.apply_all()
    planning.tell('DROP INDEX "Summary_userId_createdAt_idx"')


def refused_on_scratch(planning: Planning) -> None:
    planning.write("30000000000000_wrong", 'SELECT 1;\nALTER TABLE "Nowhere" ADD a int;')


def dangerous(planning: Planning) -> None:
    planning.write("30000000000000_drop", 'ALTER TABLE "Summary" DROP COLUMN quotes;')


def without_backup(planning: Planning) -> None:
    for stored in list(planning.bucket.list("")):
        planning.bucket.delete(stored.key)


def of_a_mere_reader(planning: Planning) -> None:
    planning.user = "plan_reader"


def read_only_by_default(planning: Planning) -> None:
    name = planning.address.database
    planning.tell(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')


BLOCKERS: dict[str, tuple[Callable[[Planning], None], str, str]] = {
    "no migration": (no_migrations, "baseline", f"`python -m dbops migrate {NAME} --init`"),
    "a baseline that is not equal": (unlike_its_baseline, "baseline", "Summary.quotes"),
    "a failed migration": (begun_and_never_finished, "failed migrations", "--rolled-back 3_half"),
    "a baseline that failed": (failed_at_the_first, "failed migrations", "--rolled-back 0_init"),
    "an edited migration": (edited, "edited migrations", "usage_event_user_id_created_at_idx"),
    "drift": (drifted, "drift", "Summary_userId_createdAt_idx"),
    "broken SQL": (refused_on_scratch, "scratch database", "30000000000000_wrong/migration.sql, line 2"),
    "what the linter forbids": (dangerous, "linter", "30000000000000_drop, line 1: ban-drop-column"),
    "no backup": (without_backup, "backup", f"`python -m dbops backup {NAME}`"),
    "a role that only reads": (of_a_mere_reader, "privileges", "does not own public.Summary"),
    "a database that is read-only": (read_only_by_default, "read and write", "default_transaction_read_only"),
}


@pytest.fixture(scope="module")
def _roles(postgres_server: EmbeddedPostgres) -> Iterator[None]:
    """A role that only reads, and one that is to own tables; they outlive the databases in which they own any."""
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE plan_reader LOGIN PASSWORD 'x' IN ROLE pg_read_all_data")
        connection.execute("CREATE ROLE plan_owner LOGIN PASSWORD 'x'")
    yield
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute("DROP ROLE plan_reader, plan_owner")


@pytest.mark.usefixtures("_roles")
@pytest.mark.parametrize("what", BLOCKERS)
def test_it_stands_in_the_way_alone_and_is_named_with_what_to_do(what: str, planning: Planning) -> None:
    prepare, name, words = BLOCKERS[what]
    prepare(planning)

    plan = planning.plan()

    assert names(plan, "blocker") == {name}
    assert words in by_name(plan)[name].told
    assert plan.markdown().startswith(f"## Migration of {NAME}: it cannot be done, for 1 reason")
    with pytest.raises(PreflightFailed) as refused:
        require_no_blockers(plan)
    assert words in refused.value.what


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[str]:
    """The URL of a database of a server in recovery, as that of a provider's read replica."""
    with running_postgres(tmp_path / "replica") as server:
        server.create_database("shop")
        create(server.url("shop"))
        server.stop()
        (server.data_directory / "standby.signal").touch()
        server.start()
        yield server.url("shop")


@pytest.mark.usefixtures("_roles")
def test_the_owner_of_the_tables_needs_to_be_nobody_else(planning: Planning) -> None:
    planning.tell(
        "GRANT CREATE ON SCHEMA public TO plan_owner",
        *(f'ALTER TABLE "{name}" OWNER TO plan_owner' for name in TABLES),
        *(f'ALTER TYPE "{name}" OWNER TO plan_owner' for name in ("Plan", "SummaryStatus", "UsageType")),
    )
    planning.user = "plan_owner"

    plan = planning.plan()

    assert plan.blockers == ()
    assert plan.proof == ()
    assert by_name(plan)["privileges"].sentence == "plan_owner may do all that is planned."

    planning.tell("REVOKE CREATE ON SCHEMA public FROM plan_owner")
    assert by_name(planning.plan())["privileges"].status == "blocker"


def test_a_schema_of_its_own_has_its_own_ledger(planning: Planning, empty_database: str) -> None:
    shutil.rmtree(planning.folder)
    planning.folder.mkdir()
    planning.write("0_init", "CREATE TABLE a (id int PRIMARY KEY);")
    planning.write("1_more", "ALTER TABLE a ADD note text;", "ALTER TABLE a DROP note;")
    planning.url = empty_database
    planning.tell("CREATE SCHEMA app", "CREATE TABLE app.a (id int PRIMARY KEY)")
    planning.url = f"{empty_database}?schema=app"

    plan = planning.plan()

    assert plan.blockers == ()
    assert (plan.proof, plan.ledger_table) == ((), ("app", "_prisma_migrations"))
    assert plan.statements[1].startswith('SET search_path = "app";')
    ((lock,),) = (one.locks for one in plan.migrations[1:])
    assert lock.subject == "app.a"


def test_a_replica_stands_in_the_way(planning: Planning, replica: str) -> None:
    planning.url = replica

    assert "is a replica, which only reads" in by_name(planning.plan())["read and write"].told


def test_a_bad_folder_is_refused_before_anything_is_looked_at(planning: Planning) -> None:
    planning.write("30000000000000_two", "CREATE INDEX CONCURRENTLY a ON a (b);\nCREATE INDEX CONCURRENTLY b ON a (b);")
    planning.url = "postgresql://nobody@127.0.0.1:1/nowhere"

    with pytest.raises(InvalidRequest, match=r"30000000000000_two/migration\.sql:1"):
        planning.plan()


def test_a_database_that_cannot_be_reached_has_no_plan(planning: Planning) -> None:
    planning.url = "postgresql://nobody@127.0.0.1:1/nowhere"

    with pytest.raises(DatabaseError):
        planning.plan()


def test_what_prisma_would_not_notice_is_a_warning_where_a_person_may_know_better(planning: Planning) -> None:
    planning.write("20260101000000_gone", "COMMENT ON TABLE \"Tag\" IS 'x'")
    planning.apply_all()
    (planning.folder / "20260101000000_gone" / "migration.sql").unlink()
    (planning.folder / "20260101000000_gone").rmdir()
    planning.write("20260201000000_late", 'ALTER TABLE "Tag" ADD note text;', 'ALTER TABLE "Tag" DROP note;')

    plan = planning.plan()

    assert plan.blockers == ()
    assert {"unknown migrations", "order", "drift"} <= names(plan, "warning")
    ((lock,),) = (one.locks for one in plan.migrations)
    assert (lock.subject, lock.blocks) == ("public.Tag", "reads and writes")


def test_sessions_that_are_in_the_way_are_told(planning: Planning) -> None:
    planning.options = {"migrations": {"lock_timeout": "1ms", "tries": 1}}
    with psycopg.connect(planning.url) as reader, psycopg.connect(planning.url) as writer:
        reader.execute('SELECT FROM "User"')
        writer.execute('LOCK TABLE "Tag" IN ROW EXCLUSIVE MODE')
        plan = planning.plan()

    assert "longest transaction" in names(plan, "warning")
    assert plan.blockers == ()


@pytest.mark.parametrize("there", ["nothing", "everything", "an unknown target"])
def test_another_environment_is_compared(
    there: str, planning: Planning, postgres_server: EmbeddedPostgres, empty_database: str
) -> None:
    planning.options = {"migrations": {"compare_with": "staging"}}
    if there == "everything":
        other = replace(planning, url=empty_database, include=planning.include / "other")
        other.tell(planning.migrations[0].sql)
        other.apply_all()

    def address_of(name: str) -> DatabaseAddress:
        assert name == "staging"
        if there == "an unknown target":
            raise InvalidRequest('There is no target "staging".')
        return DatabaseAddress.from_url(empty_database)

    planning.others = address_of
    item = by_name(planning.plan())["other environment"]

    assert item.status == ("ok" if there == "everything" else "warning")
    if there == "nothing":
        assert "not tried there yet: 20261126090000_summary_user_id_created_at_idx" in item.sentence


def test_an_old_backup_and_a_store_that_is_gone_are_told_apart(planning: Planning) -> None:
    planning.options = {"migrations": {"max_backup_age": "10m"}}
    assert by_name(planning.plan())["backup"].status == "warning"

    without_backup(planning)
    planning.keep_backup(timedelta(minutes=1))
    assert by_name(planning.plan())["backup"].status == "ok"
