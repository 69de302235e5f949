"""Promise: a swap takes place whole or not at all, whatever goes on, and says which."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import pytest

from benchmarks.relay import Relay
from dbops.errors import BucketError, SwapFailed
from dbops.gateways.s3 import S3Bucket
from demo.postgres import EmbeddedPostgres
from tests.faults.hostile_s3 import Mischief
from tests.faults.job import wait_until
from tests.faults.restore_scene import RestoreScene
from tests.faults.scene import address_of

_NEVER = 3_000_000  # above every id of the backup


@dataclass
class Application:
    """Clients that write all the time, and connect again when they are thrown out."""

    url: str
    written: dict[int, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def write(self, number: int) -> None:
        """Each row says which client wrote it, and only an acknowledged one is taken down."""
        key = _NEVER + number * 100_000
        while not self.over.is_set():
            try:
                with psycopg.connect(self.url, autocommit=True, application_name=f"app {number}") as session:
                    while not self.over.is_set():
                        key += 1
                        row = session.execute(
                            "INSERT INTO visitors VALUES (%s, 'app') RETURNING current_database()", [key]
                        ).fetchone()
                        assert row is not None
                        self.written[key] = row[0]
            except psycopg.Error as error:
                self.errors.append(f"{number}: {error}")
                time.sleep(0.02)

    def idle(self) -> None:
        """Begin a transaction and forget about it."""
        with suppress(psycopg.Error), psycopg.connect(self.url, application_name="app idle") as session:
            session.execute("SELECT count(*) FROM films")
            self.over.wait()


@contextmanager
def running(application: Application, clients: int) -> Iterator[None]:
    with ThreadPoolExecutor(clients + 1) as pool:
        work = [pool.submit(application.write, number) for number in range(clients)]
        work.append(pool.submit(application.idle))
        try:
            yield
        finally:
            application.over.set()
    for client in work:
        client.result()


@pytest.fixture
def ready(restore_scene: RestoreScene) -> RestoreScene:
    """Everything is verified, and only the swap is left to do."""
    restore_scene.restoring.restored(mode="swap")
    return restore_scene


def test_while_an_application_writes_all_the_time_no_acknowledged_row_is_lost(ready: RestoreScene) -> None:
    scene, application = ready, Application(ready.restoring.url)
    with running(application, 4):
        wait_until(lambda: len(application.written) > 20, "the application writes")
        record = scene.restoring.swap()
        written = len(application.written)
        wait_until(lambda: len(application.written) > written + 20, "the application writes again")

    assert record.before is not None
    rows = {scene.live: set[int](), record.before: set[int]()}
    for name in rows:
        found = scene.restoring.ask("SELECT id FROM visitors WHERE id > 3000000", name)
        rows[name] = {key for (key,) in found}
    assert not rows[scene.live] & rows[record.before]
    assert application.written.keys() <= rows[scene.live] | rows[record.before]
    assert rows[scene.live]
    assert rows[record.before]
    assert len(application.errors) <= 4 * 5, application.errors
    assert scene.databases()[scene.live] == record.oid


def test_while_autovacuum_works_in_the_live_database_other_sessions_are_ended_all_the_same(
    restore_scene: RestoreScene,
) -> None:
    """An ordinary role may not end an autovacuum worker: that must not keep it from ending the others."""
    scene = restore_scene
    scene.restoring.tell(
        "CREATE TABLE busy WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1) AS "
        "SELECT n FROM generate_series(1, 40000) n"
    )
    scene.restoring.restored(mode="swap")
    with naptime(scene.server, "'1s'"):
        scene.restoring.tell("DELETE FROM busy")
        wait_until(lambda: autovacuum_works(scene), "autovacuum works")
        with psycopg.connect(scene.restoring.url, application_name="app idle") as idle:
            idle.execute("SELECT 1")
            record = scene.restoring.swap()
            with pytest.raises(psycopg.OperationalError):
                idle.execute("SELECT 1")
    scene.expect_swapped(record)


@contextmanager
def naptime(server: EmbeddedPostgres, seconds: str) -> Iterator[None]:
    """Autovacuum looks for work that often."""
    try:
        set_on_server(server, "autovacuum_naptime", seconds)
        yield
    finally:
        set_on_server(server, "autovacuum_naptime", "DEFAULT")


def set_on_server(server: EmbeddedPostgres, name: str, value: str) -> None:
    with psycopg.connect(server.url(), autocommit=True, options="-c synchronous_commit=off") as session:
        session.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
        session.execute("SELECT pg_reload_conf()")


def autovacuum_works(scene: RestoreScene) -> bool:
    with scene.administrator() as session:
        return bool(
            session.execute(
                "SELECT FROM pg_stat_activity WHERE datname = %s AND backend_type = 'autovacuum worker'", [scene.live]
            ).fetchall()
        )


@pytest.mark.parametrize("where", ["live", "restored"])
def test_a_session_that_our_role_may_not_end_fails_it_by_name_and_disturbs_nobody(
    ready: RestoreScene, where: str
) -> None:
    scene = ready
    before = scene.databases()
    name = scene.live if where == "live" else scene.record().database
    with (
        psycopg.connect(scene.server.url(name), application_name="nightly report"),
        psycopg.connect(scene.restoring.url, application_name="app 1", autocommit=True) as client,
    ):
        with pytest.raises(SwapFailed, match=r"nothing was changed: .*postgres \(nightly report\)"):
            scene.restoring.swap()
        assert client.execute("SELECT 1").fetchone() == (1,)
    assert scene.databases() == before
    scene.expect_live_untouched()

    scene.expect_swapped(scene.restoring.swap())


def test_somebody_who_looks_at_what_was_restored_is_ended(ready: RestoreScene) -> None:
    scene = ready
    url = scene.restoring.url_of(scene.record().database)
    with psycopg.connect(url, application_name="app psql") as looking:
        looking.execute("LOCK TABLE films IN ACCESS SHARE MODE")
        record = scene.restoring.swap()
        with pytest.raises(psycopg.OperationalError):
            looking.execute("SELECT 1")
    scene.expect_swapped(record)


def test_a_lock_on_the_database_itself_fails_it_and_names_who_holds_it(ready: RestoreScene) -> None:
    scene = ready
    before = scene.databases()
    with psycopg.connect(scene.server.url(), application_name="a migration") as holding:
        holding.execute(f"COMMENT ON DATABASE {scene.record().database} IS 'mine'".encode())
        with pytest.raises(SwapFailed, match=r"nothing was changed: .*lock timeout.*postgres \(a migration, process"):
            scene.restoring.swap()
    assert scene.databases() == before
    scene.expect_live_untouched()


@pytest.fixture
def slow_commit(ready: RestoreScene) -> Iterator[None]:
    """From now on a COMMIT waits for a standby that does not exist: it is written, and not yet seen by anybody."""
    try:
        set_on_server(ready.server, "synchronous_standby_names", "'nobody'")
        yield
    finally:
        set_on_server(ready.server, "synchronous_standby_names", "DEFAULT")


@pytest.mark.usefixtures("slow_commit")
def test_a_line_that_is_cut_at_the_commit_does_not_hide_that_it_happened(ready: RestoreScene) -> None:
    scene = ready
    with Relay(*address_of(scene.server)) as relay:
        job = scene.start("swap", port=relay.port)
        backend = scene.wait_until_session(job, "COMMIT", "SyncRep")
        relay.cut()
        # It asks the server, which does not show the new names yet, and is not content with that.
        asked = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid"
        job.wait_until(lambda: scene.last_asked(asked), "it asks whether the server is still at work")
        assert scene.databases()[scene.live] == scene.live_oid
        with scene.administrator() as session:
            session.execute("SELECT pg_terminate_backend(%s)", [backend])
        outcome = job.finish()
    assert outcome.status == 0, outcome
    scene.expect_swapped(scene.record())


@pytest.mark.usefixtures("slow_commit")
def test_a_server_that_goes_away_at_the_commit_is_asked_by_the_next_attempt(ready: RestoreScene) -> None:
    scene = ready
    relay = Relay(*address_of(scene.server))
    with relay:
        job = scene.start("swap", port=relay.port)
        backend = scene.wait_until_session(job, "COMMIT", "SyncRep")
    outcome = job.finish()
    assert outcome.status == 3, outcome
    assert "it is not known whether it took place" in outcome.error
    assert "nothing was changed" not in outcome.error
    with scene.administrator() as session:
        session.execute("SELECT pg_terminate_backend(%s)", [backend])
    wait_until(lambda: scene.sessions() == [], "the server's process has ended")

    scene.expect_swapped(scene.restoring.swap())


@pytest.mark.parametrize("lost", ["/audit/", "/restores/"])
def test_a_store_that_goes_away_after_the_commit_does_not_hide_that_it_happened_and_the_next_attempt_records_it_once(
    ready: RestoreScene, lost: str
) -> None:
    scene = ready
    verified = scene.record()
    scene.proxy.misbehave(Mischief.SLOW_DOWN, when=lambda seen: seen.method == "PUT" and lost in seen.path)
    outcome = scene.start("swap").finish()

    assert outcome.status == 3, outcome
    assert outcome.report["kind"] == "BucketError"
    said = f"The swap took place: {scene.live} is the restored database, and was {verified.database}."
    assert f"{said} The one that it has replaced is kept as {verified.before}. Only the record" in outcome.error
    assert "clear this task: it writes the record, and swaps nothing" in outcome.error
    assert scene.databases()[scene.live] == verified.oid
    assert scene.record() == verified  # whoever goes on does not take it for written

    record = scene.restoring.swap(after_another_try=True)
    scene.expect_swapped(record)
    assert scene.restoring.swap() == record
    (entry,) = scene.audit("swap")
    assert (entry["run"], entry["live"], entry["before"]) == (record.run, scene.live, record.before)


def test_an_attempt_that_cannot_read_what_an_earlier_one_has_done_does_not_say_that_nothing_is_swapped(
    ready: RestoreScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(bucket: S3Bucket, key: str) -> bytes:
        raise BucketError(f"Could not read s3://{bucket.name}/{key}.", "Look at the store.")

    with monkeypatch.context() as gone:
        gone.setattr(S3Bucket, "get", away)
        with pytest.raises(BucketError, match="whether it has swapped is not known") as refused:
            ready.restoring.swap(after_another_try=True)
        with pytest.raises(BucketError, match=r"^Could not read"):
            ready.restoring.swap()
    assert "clear this task: it finds out" in refused.value.remedy
    ready.expect_swapped(ready.restoring.swap(after_another_try=True))


def test_our_session_that_is_ended_before_the_commit_fails_it_and_nothing_has_changed(ready: RestoreScene) -> None:
    scene = ready
    before = scene.databases()
    with scene.administrator(autocommit=False) as holding:
        holding.execute(f"COMMENT ON DATABASE {scene.record().database} IS 'mine'".encode())
        job = scene.start("swap")
        backend = scene.wait_until_session(job, "ALTER DATABASE", "object")
        with scene.administrator() as session:
            session.execute("SELECT pg_terminate_backend(%s)", [backend])
        outcome = job.finish()
    assert outcome.status == 3, outcome
    assert outcome.report["kind"] == "SwapFailed"
    assert "nothing was changed" in outcome.error
    assert scene.databases() == before
    scene.expect_live_untouched()


def test_of_two_jobs_for_one_live_database_one_works_and_the_other_is_refused_until_it_is_gone(
    restore_scene: RestoreScene,
) -> None:
    scene = restore_scene
    scene.restoring.plan()
    second = scene.another_run()
    second.plan()
    scene.hold_rows_of("visitors")
    working = scene.start("load")
    scene.wait_until_half_loaded(working)

    refused = scene.start("load", restoring=second).finish()

    assert refused.status == 3
    assert refused.report["kind"] == "PreflightFailed"
    assert f"Another restore of {scene.live} is working" in refused.error
    working.kill()
    scene.proxy.release()
    scene.expect_quiet()
    assert scene.start("load", restoring=second).finish().status == 0
