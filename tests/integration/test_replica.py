"""Promise: a replica is backed up as a primary is, and what is otherwise there is said by name.

Both servers are real. The replica waits for no reader: what its primary does ends what hinders its replay at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from dbops.domain.backups.backup import BackupId, BackupManifest
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.report import BackupReport
from dbops.domain.checks.suite import Outcome
from dbops.domain.report import Verdict
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError, DumpFailed, PreflightFailed
from dbops.gateways.migrating.facts import read_migration_facts
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.server.sessions import reading
from dbops.jobs.checks.baseline import baseline
from dbops.jobs.checks.check import check
from dbops.jobs.probes.probe import probe
from dbops.jobs.restores.plan_restore import require_no_blockers
from dbops.jobs.restores.restore_place import RestorePlace
from tests.backups import NAME, Desk, backed_up, counted_rows, execute, target
from tests.clock import now
from tests.drills import Ground
from tests.replica import Pair, ask, running_pair, wait_until
from tests.restoring import Restoring

# One table dominates, and one that no replica has is larger still.
SHOP = (
    "CREATE TABLE orders (id serial PRIMARY KEY, note text)",
    "INSERT INTO orders (note) SELECT repeat('x', 500) FROM generate_series(1, 3000)",
    "CREATE TABLE small (id int PRIMARY KEY)",
    "INSERT INTO small SELECT generate_series(1, 10)",
    "CREATE UNLOGGED TABLE cache (id serial PRIMARY KEY, note text)",
    "INSERT INTO cache (note) SELECT repeat('y', 500) FROM generate_series(1, 6000)",
    "VACUUM ANALYZE",
)
ALONE: dict[str, Any] = {"split_above": None}
SPLIT: dict[str, Any] = {"jobs": 3, "split_above": 1}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A primary with the database shop, and its replica."""
    with running_pair(tmp_path_factory.mktemp("pair")) as made:
        made.primary.create_database("shop")
        execute(made.primary.url("shop"), *SHOP)
        made.follow()
        yield made


@pytest.fixture
def primary(pair: Pair) -> str:
    return pair.primary.url("shop")


@pytest.fixture
def replica(pair: Pair) -> str:
    """Its URL, once it shows all that the primary has done."""
    pair.follow()
    return pair.replica.url("shop")


Backed = tuple[BackupReport, BackupManifest]
BackUp = Callable[..., Backed]


@pytest.fixture
def back_up(desk: Desk, bucket: S3Bucket) -> BackUp:
    """Backs a database up, by its URL; keywords are the target's backup section."""

    def run(url: str, **options: Any) -> Backed:
        wanted = target(desk.bucket, **options)
        report = backed_up(wanted, url, desk.store, desk.programs.folder)
        key = Layout(wanted.root).manifest(BackupId(report.backup_id))
        return report, BackupManifest.from_json(bucket.get(key))

    return run


@pytest.mark.parametrize(
    "options", [{"split_above": None}, SPLIT], ids=["pg_dump alone", "several connections a table"]
)
def test_a_backup_of_a_replica_has_all_that_a_replica_has_and_names_what_it_has_not(
    back_up: BackUp, primary: str, replica: str, options: dict[str, Any]
) -> None:
    report, manifest = back_up(replica, **options)

    rows = {(table.schema, table.name): table.rows for table in manifest.tables}
    assert rows == counted_rows(primary) | {("public", "cache"): None}
    assert manifest.replica is not None
    assert (manifest.replica.lag_seconds, manifest.replica.unlogged) == (0.0, ("public.cache",))
    assert "--no-unlogged-table-data" in manifest.pg_dump_options
    assert report.verdict is Verdict.OK
    assert "has none of public.cache; they will be restored empty" in report.markdown()
    assert "had replayed all that its primary had sent" in report.markdown()


def test_a_backup_of_a_primary_says_nothing_of_replicas_and_has_the_rows_of_unlogged_tables(
    back_up: BackUp, primary: str
) -> None:
    report, manifest = back_up(primary)
    assert manifest.replica is None
    assert report.notes == ()
    assert {table.rows for table in manifest.tables if table.name == "cache"} == {6000}


def test_a_drill_proves_it_and_an_unlogged_table_comes_back_empty_and_takes_rows(
    ground: Ground, restored_database: str, replica: str
) -> None:
    ground.loader.back_up(replica)

    proof = ground.drill().verification

    assert proof is not None
    assert (proof.errors, proof.warnings) == ((), ())
    ground.loader.load(ground.loader.open(), restored_database)
    execute(restored_database, "INSERT INTO cache (note) VALUES ('new')")
    assert ask(restored_database, "SELECT id, note FROM cache") == [(1, "new")]


def test_how_far_a_replica_is_behind_is_in_the_report_and_in_the_manifest(
    back_up: BackUp, pair: Pair, primary: str, replica: str
) -> None:
    with pair.paused():
        execute(primary, "INSERT INTO small VALUES (11)")
        wait_until(lambda: ask(replica, "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()") == [(True,)])
        report, manifest = back_up(replica)
        with pytest.raises(PreflightFailed, match=r"replica that is .* behind its primary, more than") as refused:
            back_up(replica, max_replica_lag="10ms")
    execute(primary, "DELETE FROM small WHERE id = 11")
    assert manifest.replica is not None
    assert manifest.replica.lag_seconds
    assert "behind its primary" in report.markdown()
    assert {table.rows for table in manifest.tables if table.name == "small"} == {10}
    assert "backup.max_replica_lag" in refused.value.remedy


def test_a_replica_that_receives_nothing_is_a_warning_for_nobody_knows_how_far_it_is_behind(
    back_up: BackUp, pair: Pair, replica: str
) -> None:
    with pair.parted():
        report, manifest = back_up(replica)
        with pytest.raises(PreflightFailed, match="receives nothing from its primary") as refused:
            back_up(replica, max_replica_lag="10ms")
        back_up(replica, max_replica_lag=None)
    assert report.verdict is Verdict.WARNING
    assert "receives nothing from its primary" in report.markdown()
    assert manifest.replica is not None
    assert manifest.replica.lag_seconds is None
    assert manifest.replica.newest_change is not None
    assert "see whether its primary runs" in refused.value.remedy.lower()


def test_a_role_that_only_reads_is_enough_and_where_it_may_not_ask_for_the_lag_that_is_said(
    back_up: BackUp, pair: Pair, primary: str
) -> None:
    execute(primary, "CREATE ROLE reader LOGIN PASSWORD 'secret'", "GRANT pg_read_all_data TO reader")
    pair.follow()
    reader = pair.replica.url("shop", user="reader", password="secret")
    report, _ = back_up(reader)
    assert report.verdict is Verdict.OK

    execute(primary, "REVOKE EXECUTE ON FUNCTION pg_last_wal_receive_lsn() FROM PUBLIC")
    pair.follow()
    with pytest.raises(PreflightFailed, match="does not tell how far it is behind"):
        back_up(reader)
    report, manifest = back_up(reader, max_replica_lag=None)
    execute(primary, "GRANT EXECUTE ON FUNCTION pg_last_wal_receive_lsn() TO PUBLIC")
    assert report.verdict is Verdict.WARNING
    assert manifest.replica is not None
    assert manifest.replica.lag_seconds is None


def vacuum(primary: str) -> None:
    execute(primary, "DELETE FROM orders WHERE id % 2 = 0", "VACUUM orders")


def truncate(primary: str) -> None:
    execute(primary, "TRUNCATE orders")


REMEDIES: dict[Callable[[str], None], str] = {vacuum: "hot_standby_feedback = on", truncate: "a migration, TRUNCATE"}


@pytest.mark.parametrize(
    ("options", "conflict"),
    [
        pytest.param(ALONE, vacuum, id="rows, pg_dump alone"),
        pytest.param(SPLIT, vacuum, id="rows, several connections a table"),
        pytest.param(ALONE, truncate, id="a lock, pg_dump alone"),
    ],
)
def test_a_backup_that_a_replica_ends_to_go_on_replaying_says_so_and_what_would_let_it_finish(
    back_up: BackUp, pair: Pair, bucket: S3Bucket, options: dict[str, Any], conflict: Callable[[str], None]
) -> None:
    primary, replica = pair.primary.url("shop"), pair.replica.url("shop")
    execute(primary, "TRUNCATE orders RESTART IDENTITY", SHOP[1], "VACUUM ANALYZE orders")
    waiting = "SELECT FROM pg_locks WHERE relation = 'small'::regclass AND NOT granted"
    with ExitStack() as paused, ThreadPoolExecutor(1) as beside:
        with psycopg.connect(primary) as migration:
            migration.execute("LOCK TABLE small IN ACCESS EXCLUSIVE MODE")  # the replica takes it as well ...
            pair.follow()
            paused.enter_context(pair.paused())
        backing = beside.submit(back_up, replica, **options)
        wait_until(lambda: backing.done() or bool(ask(replica, waiting)))
        conflict(primary)
        pair.receive()
        paused.close()  # ... and gives it back only now, just before the backup is in its way
        with pytest.raises(DumpFailed, match=r"(?s)[Rr]eplica .*conflict with recovery") as ended:
            backing.result()
    assert REMEDIES[conflict] in ended.value.remedy
    assert "max_standby_streaming_delay" in ended.value.remedy
    assert list(bucket.list(Layout(f"team/{NAME}/").backups)) == []


def test_a_table_that_a_replica_does_not_have_is_told_with_what_to_do(replica: str) -> None:
    address = DatabaseAddress.from_url(replica)
    with pytest.raises(DatabaseError, match="unlogged") as refused, reading(address, timeout_ms=60_000) as session:
        session.execute(text("TABLE public.cache"))
    assert "use the primary" in refused.value.remedy


def test_a_session_that_a_replica_ends_to_go_on_replaying_says_so(primary: str, replica: str) -> None:
    def read() -> None:
        with reading(DatabaseAddress.from_url(replica), timeout_ms=0) as session:
            session.execute(text("SELECT pg_sleep(60) FROM public.small"))

    with ThreadPoolExecutor(1) as beside:
        reader = beside.submit(read)
        wait_until(lambda: bool(ask(replica, "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")))
        execute(primary, "TRUNCATE small", SHOP[3])
        with pytest.raises(DatabaseError, match="conflict with recovery") as ended:
            reader.result()
    assert "max_standby_streaming_delay" in ended.value.remedy


RULES = """
table: public.{table}
expectations:
  - type: expect_rows_to_satisfy
    kwargs: {{condition: 'id > 0'}}
"""
PROBE = "-- title: {title}\n-- model: Order\n-- budget: 10s\n-- samples: 3\n{text}\n"


def test_checks_and_probes_run_on_a_replica_and_name_what_needs_the_primary(
    bucket: S3Bucket, tmp_path: Path, primary: str, replica: str
) -> None:
    wanted, here = target(bucket.name), DatabaseAddress.from_url(replica)
    baseline(wanted, DatabaseAddress.from_url(primary), include=tmp_path, clock=now)
    rules = tmp_path / "expectations" / NAME
    for starter in [path for path in rules.glob("*.yaml") if path.name != "schema.yaml"]:
        starter.unlink()
    (rules / "orders.yaml").write_text(RULES.format(table="orders"))
    asked: dict[str, Any] = {"include": tmp_path, "run": "test", "clock": now}
    (rules / "cache.yaml").write_text(RULES.format(table="cache"))
    folder = tmp_path / "sql" / NAME / "probes"
    folder.mkdir(parents=True)
    (folder / "read.sql").write_text(PROBE.format(title="an order", text="SELECT * FROM orders WHERE id = 1"))
    (folder / "cached.sql").write_text(PROBE.format(title="the cache", text="SELECT * FROM cache LIMIT 1"))
    (folder / "write.sql").write_text(
        PROBE.format(title="a new one", text="-- writes: true\nINSERT INTO orders (note) VALUES ('new')")
    )
    checked = check(wanted, here, bucket, **asked)
    bad = {result.subject: result for result in checked.results if result.is_bad}
    assert set(bad) == {"public.cache", "cached"}
    for result in bad.values():
        assert result.outcome is Outcome.NOT_EVALUATED
        assert "unlogged relations during recovery" in result.sentence

    (folder / "cached.sql").unlink()
    probed = probe(wanted, here, bucket, **asked)
    assert probed.verdict is Verdict.OK
    assert "The server is a replica, which accepts no writes, so these were left out: write." in probed.markdown()


def test_nothing_is_restored_into_a_replica_and_nothing_is_migrated_there(
    restoring: Restoring, ground: Ground, replica: str
) -> None:
    here = DatabaseAddress.from_url(replica)
    restoring.by = RestorePlace(here, here)
    for mode in ("beside", "swap"):
        with pytest.raises(PreflightFailed, match="is a replica, which accepts no writes"):
            require_no_blockers(restoring.plan(mode=mode))
    with pytest.raises(PreflightFailed, match="is a replica, which accepts no writes"):
        ground.drill(scratch=here)
    assert read_migration_facts(here).is_replica
