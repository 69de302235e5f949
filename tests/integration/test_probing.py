"""Probes are executed for real, timed honestly, and leave room, no lock and no value behind."""

# ruff: noqa: S608 - the probes are SQL
from __future__ import annotations

import contextlib
import gc
import secrets
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from dbops.errors import DatabaseError, InvalidConnection, InvalidRequest, PreflightFailed
from dbops.gateways.probing.session import session
from demo.postgres import EmbeddedPostgres
from tests.faults.job import wait_until
from tests.probing_measure import Probing, options, probe
from tests.servers import running_postgres

SECRET = "hunter2-the-value-of-a-row"


@pytest.fixture
def shop(empty_database: str) -> Probing:
    """A database with a table of five items, one of them with a secret, and an empty one."""
    shop = Probing(empty_database)
    shop.tell(
        "CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now(), about jsonb)",
        f"""INSERT INTO item SELECT n, CASE n WHEN 1 THEN '{SECRET}' ELSE 'item ' || n END, '2026-01-01', '{{"a": 1}}'
            FROM generate_series(1, 5) n""",
        "CREATE TABLE nothing (id int)",
    )
    return shop


def a_moment(_seconds: float) -> None:
    """Long enough for the server to clear away sessions that have ended, and no longer."""
    time.sleep(0.2)


def until_closed(shop: Probing) -> None:
    """Until the server has cleared away each of our sessions that has ended, and only the one that measures is left."""
    wait_until(lambda: shop.sessions() <= 1, "sessions that have ended are cleared away")


@contextlib.contextmanager
def limited_role(server: EmbeddedPostgres, url: str, connections: int) -> Iterator[str]:
    """The URL of a role with a CONNECTION LIMIT that may read all."""
    role, password = f"prober_{secrets.token_hex(4)}", secrets.token_hex(8)
    server.create_role(role, password)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {role} CONNECTION LIMIT {connections}".encode())
        connection.execute(f"GRANT pg_read_all_data TO {role}".encode())
    try:
        yield server.url(psycopg.conninfo.conninfo_to_dict(url)["dbname"], user=role, password=password)  # type: ignore[arg-type]
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP OWNED BY {role}".encode())
            connection.execute(f"DROP ROLE {role}".encode())


def test_what_takes_20_ms_is_measured_so_and_the_way_there_apart(shop: Probing) -> None:
    found = shop.measure(
        probe("slow", "SELECT pg_sleep(0.02)"), probe("two", "SELECT pg_sleep(0.02)", "SELECT pg_sleep(0.02)")
    )

    assert [one.probe for one in found.measured] == ["slow", "two"]
    slow, two = (one.latency for one in found.measured)
    assert slow is not None
    assert two is not None
    assert slow.count == two.count == 5
    assert slow.p50 >= 20
    assert two.p50 >= 40
    assert found.connect.count > 1
    assert 0 < found.round_trip.p50 < found.connect.p50
    assert found.notes == ()


def test_every_kind_of_parameters_has_its_own_latency_and_they_take_turns(shop: Probing) -> None:
    slow_or_not = probe(
        "item",
        "SELECT name, pg_sleep(%(wait)s) FROM item WHERE id = %(id)s",
        samples=6,
        draw={
            "heavy": "SELECT id, 0.2 AS wait FROM item ORDER BY id",
            "miss": "SELECT -1 AS id, 0 AS wait",
        },
    )

    one = shop.measure(slow_or_not).of("item")

    assert {kind: latency.count for kind, latency in one.kinds.items()} == {"heavy": 3, "miss": 3}
    assert one.kinds["heavy"].p50 >= 200
    assert one.kinds["heavy"].p50 > one.kinds["miss"].p50
    assert one.slowest.kind == "heavy"
    assert [drawn.kind for drawn in one.drawn] == ["heavy", "miss"]


def test_the_seed_decides_which_rows_are_drawn_also_where_the_draw_is_random(shop: Probing) -> None:
    random = probe("item", "SELECT %(id)s", draw={"any": "SELECT id FROM item ORDER BY random()"})

    first, again, other = (shop.measure(random, seed=seed).of("item").drawn[0].values["id"] for seed in (1, 1, 4))

    assert first == again
    assert first != other


def test_the_first_row_of_a_draw_is_the_one_that_its_query_gives_first(shop: Probing) -> None:
    heaviest = probe(
        "item", "SELECT %(id)s", draw={"heavy": "SELECT id FROM item ORDER BY id DESC", "one": "SELECT 1 id"}
    )

    one = shop.measure(heaviest, seed=1).of("item")

    assert [drawn.values["id"] for drawn in one.drawn] == [5, 1]


def test_a_kind_without_a_row_is_left_out_and_so_is_a_probe_without_a_kind(shop: Probing) -> None:
    empty = {"none": "SELECT id FROM nothing"}
    found = shop.measure(
        probe("some", "SELECT %(id)s", draw={**empty, "one": "SELECT 1 AS id"}),
        probe("none", "SELECT %(id)s", draw=empty),
        probe("good", "SELECT 1"),
    )

    assert [(one.probe, one.asked, one.errors) for one in found.measured] == [("some", 5, 0), ("good", 5, 0)]
    assert found.of("some").kinds.keys() == {"one"}
    assert found.notes == (
        'The draw "none" of some returns no row, and was left out.',
        "none was left out because its draws return no row.",
    )


def test_a_draw_takes_no_longer_than_what_is_left_and_its_probe_has_not_failed(shop: Probing) -> None:
    slow = {"slow": "SELECT 1 AS id FROM pg_sleep(60)"}
    found = shop.measure(
        probe("slow", "SELECT %(id)s", draw=slow),
        probe("late", "SELECT %(id)s", draw={"quick": "SELECT 1 AS id"}),
        probe("good", "SELECT 1"),
        max_seconds="1s",
        statement_timeout="30s",
    )

    assert [(one.probe, one.asked, one.errors) for one in found.measured] == [("good", 1, 0)]
    assert "No time of max_seconds, 1 s, was left to draw the parameters of slow, late." in found.notes
    assert 1 <= found.seconds < 30


def test_a_draw_is_executed_once_however_many_probes_use_it(shop: Probing) -> None:
    draw = {"one": "SELECT id, clock_timestamp()::text AS moment FROM item LIMIT 1"}
    found = shop.measure(*(probe(f"p{n}", "SELECT %(id)s", draw=draw) for n in range(3)))

    assert len({one.drawn[0].values["moment"] for one in found.measured}) == 1


def test_what_is_left_of_the_ceiling_is_all_that_another_measurement_may_take(shop: Probing) -> None:
    found = shop.measure(probe("slow", "SELECT pg_sleep(0.05)", samples=1000), seconds=0.5)

    assert found.of("slow").asked < 100
    assert found.seconds < 50


def test_what_our_role_turns_out_to_lack_is_no_failure(shop: Probing, postgres_server: EmbeddedPostgres) -> None:
    shop.tell("CREATE TABLE numbered (id serial, n int)", "GRANT INSERT ON numbered TO PUBLIC")
    with limited_role(postgres_server, shop.url, -1) as url:
        insert = probe("insert", "INSERT INTO numbered (n) VALUES (1)", writes=True)
        found = Probing(url).measure(insert, probe("good", "SELECT 1"))

    assert [one.probe for one in found.measured] == ["good"]
    assert found.notes == (
        "insert was left out: permission denied for sequence numbered_id_seq; grant it that, or name a role that may "
        "under probes.connection.",
    )


def test_values_of_every_type_can_be_drawn_and_come_back_as_what_they_are(shop: Probing) -> None:
    shop.tell(
        """CREATE TABLE typed AS SELECT 1 AS i, 1.5::numeric AS n, true AS b, 'a%b''c\\d'::text AS t, now() AS at,
           date '2026-01-01' AS d, interval '1 day' AS v, '{"a": [1]}'::jsonb AS j, '{1,2}'::int[] AS a,
           '{}'::text[] AS e, gen_random_uuid() AS u, '\\x00ff'::bytea AS y, NULL::int AS z, int4range(1, 3) AS r,
           inet '10.0.0.1' AS net, ARRAY['{}'::jsonb] AS jj"""
    )
    columns = ["i", "n", "b", "t", "at", "d", "v", "j", "a", "e", "u", "y", "r", "net", "jj"]
    same = " AND ".join(f"{column} = %({column})s" for column in columns)
    typed = probe(
        "typed",
        f"SELECT 1 / count(*) FROM typed WHERE {same} AND z IS NOT DISTINCT FROM %(z)s AND at > %(at)s - %(v)s",
        draw={"all": "SELECT * FROM typed"},
    )

    shop.require_runnable(typed)
    one = shop.measure(typed).of("typed")

    assert (one.errors, one.error) == (0, "")


def test_what_python_could_not_hold_is_fetched_all_the_same(shop: Probing) -> None:
    far = probe("far", "SELECT timestamptz '20000-01-01', date 'infinity', date '2026-01-01' - 900000, 'NaN'::numeric")

    assert shop.measure(far).of("far").errors == 0


def test_a_percent_sign_reaches_the_server_once(shop: Probing) -> None:
    odd = probe("odd", "SELECT 1 / (7 %% 2)", "SELECT count(*) FROM item WHERE name LIKE 'item %%'")

    shop.require_runnable(odd)
    assert shop.measure(odd).of("odd").errors == 0


def test_writes_are_rolled_back_and_a_reading_probe_cannot_write(shop: Probing) -> None:
    before = shop.checksums()

    found = shop.measure(
        probe(
            "create", "INSERT INTO item VALUES (6, 'six')", "SELECT 1 / count(*) FROM item WHERE id = 6", writes=True
        ),
        probe("sly", "INSERT INTO item VALUES (6, 'six')"),
    )

    assert found.of("create").errors == 0
    assert found.of("sly").errors == 5
    assert found.of("sly").error == "cannot execute INSERT in a read-only transaction"
    assert shop.checksums() == before


def test_errors_are_counted_and_the_session_goes_on(shop: Probing) -> None:
    found = shop.measure(
        probe("bad", "SELECT 1 / (id - 1) FROM item WHERE id = %(id)s", draw={"all": "SELECT 1 AS id"}),
        probe(
            "half",
            "UPDATE item SET id = 2 WHERE id = %(id)s",
            writes=True,
            draw={"good": "SELECT 2 AS id", "bad": "SELECT 1 AS id"},
            samples=4,
        ),
        probe("good", "SELECT 1"),
    )

    bad, half, good = found.measured
    assert (bad.asked, bad.errors, bad.latency) == (5, 5, None)
    assert bad.error == "division by zero (22012)"
    assert (half.asked, half.errors) == (4, 2)
    assert half.error == "unique violation (23505)"
    assert half.latency is not None
    assert half.latency.count == 2
    assert (good.asked, good.errors) == (5, 0)


def test_a_statement_that_takes_too_long_is_ended_and_not_asked_for_ever(shop: Probing) -> None:
    found = shop.measure(probe("slow", "SELECT pg_sleep(60)"), probe("good", "SELECT 1"), statement_timeout="0.5s")

    slow = found.of("slow")
    assert (slow.asked, slow.errors, slow.latency) == (3, 3, None)
    assert slow.error == "canceling statement due to statement timeout"
    assert found.notes == ("slow was executed 3 of 5 times: it ran into a time limit 3 times in a row.",)
    assert found.of("good").errors == 0


def test_a_lock_that_somebody_holds_is_an_error_and_not_a_hang(shop: Probing) -> None:
    waiting = probe("waiting", "UPDATE item SET name = 'x' WHERE id = 1", writes=True)
    with psycopg.connect(shop.url) as other:
        other.execute("LOCK TABLE item IN ACCESS EXCLUSIVE MODE")

        shop.require_runnable(waiting, lock_timeout="0.1s")
        one = shop.measure(waiting, probe("good", "SELECT 1"), lock_timeout="0.1s").of("waiting")

    assert (one.errors, one.latency) == (3, None)
    assert one.error == "canceling statement due to lock timeout"


def test_it_ends_at_max_seconds_with_at_least_one_sample_of_each(shop: Probing) -> None:
    found = shop.measure(
        *(probe(f"p{number}", "SELECT pg_sleep(0.05)", samples=1000) for number in range(3)),
        probe("pool", "SELECT 1", connections=2, samples=1000),
        max_seconds="1s",
    )

    counts = {one.probe: one.asked for one in found.measured}
    assert all(1 <= count < 100 for count in counts.values())
    assert max(counts.values()) - min(counts.values()) <= 1
    (note,) = found.notes
    assert note.startswith("The measurement was cut short after max_seconds, 1 s: p0 ")
    assert f"pool {counts['pool']} of 1000" in note


def test_a_ceiling_that_is_over_at_once_still_samples_each_once(shop: Probing) -> None:
    found = shop.measure(probe("a", "SELECT 1"), probe("b", "SELECT 2"), max_seconds="0.001s")

    assert [(one.probe, one.asked, one.errors) for one in found.measured] == [("a", 1, 0), ("b", 1, 0)]


def test_a_pool_waits_for_the_slowest_and_tells_each_wait(shop: Probing) -> None:
    pool = probe(
        "pool",
        "SELECT pg_sleep(%(wait)s)",
        connections=4,
        samples=3,
        draw={"quick": "SELECT 0.01 AS wait", "slow": "SELECT 0.3 AS wait"},
    )

    found = shop.measure(pool, free_connections=0)

    one = found.of("pool")
    assert one.errors == 0
    assert one.latency is not None
    assert one.waits is not None
    assert (one.latency.count, one.waits.count) == (3, 12)
    assert one.latency.p50 >= 300
    assert one.waits.p50 < one.latency.p50
    assert one.waits.max == one.latency.max
    assert one.slowest.kind == "slow"
    shop.wait_until_closed()


def test_with_a_pool_open_there_are_no_more_of_our_sessions_than_there_may_be(shop: Probing) -> None:
    few = (
        "SELECT 1 / (count(*) <= 3)::int FROM pg_stat_activity, pg_sleep(0.1) "
        "WHERE application_name = 'dbops probe' AND datname = current_database()"
    )
    found = shop.measure(
        probe("pool", few, connections=9, samples=2), max_concurrency=3, pause=lambda _: until_closed(shop)
    )

    one = found.of("pool")
    assert one.errors == 0
    assert one.waits is not None
    assert one.waits.count == 4
    assert found.notes == (
        "pool opens 2 connections instead of 9, for with the one that measures they are the 3 of max_concurrency.",
    )


def test_a_pool_is_left_out_where_only_one_connection_is_allowed(shop: Probing) -> None:
    found = shop.measure(probe("pool", "SELECT 1", connections=2), probe("good", "SELECT 1"), max_concurrency=1)

    assert [one.probe for one in found.measured] == ["good"]
    assert found.notes == ("pool was left out: max_concurrency leaves no connection besides the one that measures.",)


def test_room_is_asked_for_before_every_burst_and_what_finds_none_is_skipped(
    shop: Probing, postgres_server: EmbeddedPostgres
) -> None:
    with limited_role(postgres_server, shop.url, 6) as url, contextlib.ExitStack() as others:
        paused: list[float] = []

        def pause(seconds: float) -> None:
            paused.append(seconds)
            until_closed(shop)
            if len(paused) == 2:  # after the warm-up and one sample
                others.enter_context(psycopg.connect(url))

        pool = probe("pool", "SELECT 1", connections=4, samples=4)
        found = Probing(url).measure(pool, probe("good", "SELECT 1"), free_connections=1, pause=pause)

    one = found.of("pool")
    assert (one.asked, one.errors) == (1, 0)
    assert found.of("good").asked == 5
    (note,) = found.notes
    assert note == (
        "pool found no room for 3 of its 4 bursts: 2 of the 6 connections of our role were in use, ours among them, "
        "and 1 is left to others."
    )


def test_a_pool_that_never_finds_room_is_not_among_what_was_measured(
    shop: Probing, postgres_server: EmbeddedPostgres
) -> None:
    with limited_role(postgres_server, shop.url, 6) as url, contextlib.ExitStack() as others:

        def pause(seconds: float) -> None:
            until_closed(shop)
            if seconds < 0.5:  # after the warm-up
                others.enter_context(psycopg.connect(url))

        found = Probing(url).measure(
            probe("pool", "SELECT 1", connections=4, samples=2), free_connections=1, pause=pause
        )

    assert found.measured == ()
    (note,) = found.notes
    assert note.startswith("pool found no room for 2 of its 2 bursts: ")


def test_a_pool_that_writes_leaves_nothing_behind(shop: Probing) -> None:
    before = shop.checksums()

    pool = probe("pool", "UPDATE item SET name = name || '!' WHERE id = 1", connections=4, writes=True)
    one = shop.measure(pool).of("pool")

    assert one.errors == 0
    assert shop.checksums() == before


def test_an_error_of_one_connection_is_an_error_of_the_pool(shop: Probing) -> None:
    pool = probe(
        "pool",
        "SELECT 1 / %(by)s",
        connections=2,
        samples=2,
        draw={"good": "SELECT 1 AS by", "bad": "SELECT 0 AS by"},
    )

    one = shop.measure(pool).of("pool")

    assert (one.asked, one.errors, one.latency, one.waits) == (2, 2, None, None)
    assert one.error == "division by zero (22012)"


def test_a_pool_without_room_is_left_out_after_growing_pauses(shop: Probing, postgres_server: EmbeddedPostgres) -> None:
    paused: list[float] = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        a_moment(seconds)

    with limited_role(postgres_server, shop.url, 5) as url:
        found = Probing(url).measure(probe("pool", "SELECT 1", connections=4), probe("good", "SELECT 1"), pause=pause)

    assert [one.probe for one in found.measured] == ["good"]
    (note,) = found.notes
    assert note == (
        "pool was left out because it needs 4 connections: 1 of the 5 connections of our role were in use, ours "
        "among them, and 1 is left to others."
    )
    assert len(paused) > 2
    assert paused == sorted(paused)


def test_a_pool_begins_when_the_room_it_waits_for_is_there(shop: Probing, postgres_server: EmbeddedPostgres) -> None:
    with limited_role(postgres_server, shop.url, 6) as url, psycopg.connect(url) as other:

        def pause(seconds: float) -> None:
            other.close()
            a_moment(seconds)

        found = Probing(url).measure(probe("pool", "SELECT 1", connections=4), free_connections=1, pause=pause)

    assert found.of("pool").errors == 0
    assert found.notes == ()


def test_a_database_without_free_connections_is_not_probed(shop: Probing, postgres_server: EmbeddedPostgres) -> None:
    paused: list[float] = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        a_moment(seconds)

    with limited_role(postgres_server, shop.url, -1) as url:
        shop.tell(f"ALTER DATABASE {psycopg.conninfo.conninfo_to_dict(shop.url)['dbname']} CONNECTION LIMIT 2")
        probing = Probing(url)
        with pytest.raises(PreflightFailed, match="of the 2 connections of the database were in use"):
            probing.measure(probe("good", "SELECT 1"), pause=pause, free_connections=60)
        shop.wait_until_closed()
        with (
            psycopg.connect(url),
            psycopg.connect(url),
            pytest.raises(PreflightFailed, match="too many connections for database"),
        ):
            probing.measure(probe("good", "SELECT 1"), pause=pause)
    assert len(paused) > 4


def test_a_small_server_that_is_full_is_not_probed(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_postgres(
        tmp_path_factory.mktemp("small"), max_connections="8", superuser_reserved_connections="3"
    ) as server:
        server.create_role("app", "word")
        app = server.url(user="app", password="word")
        with contextlib.ExitStack() as others:
            for _ in range(3):
                others.enter_context(psycopg.connect(app))
            with pytest.raises(
                PreflightFailed, match=r"^[^:]*: 4 of the 5 connections of the server were in use.* 2 are"
            ):
                Probing(app).measure(probe("good", "SELECT 1"), pause=a_moment)
            Probing(server.url()).wait_until_closed()
            for _ in range(2):
                others.enter_context(psycopg.connect(app))
            with pytest.raises(PreflightFailed, match="remaining connection slots are reserved"):
                Probing(app).measure(probe("good", "SELECT 1"), pause=lambda _: None)


def test_on_a_replica_what_writes_is_left_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_postgres(tmp_path_factory.mktemp("replica")) as server:
        replica = Probing(server.url())
        replica.tell("CREATE TABLE item (id int)")
        server.stop()
        (server.data_directory / "standby.signal").touch()
        server.start()
        assert replica.ask("SELECT pg_is_in_recovery()") == [(True,)]
        probes = (
            probe("write", "DELETE FROM item", writes=True),
            probe("read", "SELECT * FROM item"),
            probe("pool", "SELECT 1", connections=2, draw={"a": "SELECT 1 AS id"}),
        )

        replica.require_runnable(*probes)
        assert replica.escapes(*probes) == ()
        found = replica.measure(*probes)

    assert [(one.probe, one.errors) for one in found.measured] == [("read", 0), ("pool", 0)]
    assert found.notes == ("The server is a replica, which accepts no writes, so these were left out: write.",)


def test_the_session_says_who_it_is_and_what_it_may(shop: Probing) -> None:
    shop.tell('CREATE SCHEMA "My App"', 'CREATE TABLE "My App".only_here AS SELECT 1 AS one')
    shop.url += "?schema=My%20App"
    setting = (
        "SELECT 1 / (current_setting('application_name') = 'dbops probe' AND current_setting('timezone') = 'UTC' AND "
        "current_setting('lock_timeout') = '2s' AND current_setting('statement_timeout') = '10s' AND "
        "current_setting('idle_in_transaction_session_timeout') = '10s' AND "
        "current_setting('default_transaction_read_only') = 'on')::int"
    )

    found = Probing(shop.url).measure(
        probe("setting", setting, "SELECT one FROM only_here"), probe("pool", setting, connections=2)
    )

    assert [(one.errors, one.error) for one in found.measured] == [(0, ""), (0, "")]


def test_nothing_is_measured_through_a_transaction_pooler(shop: Probing) -> None:
    with pytest.raises(InvalidConnection, match="transaction pooler"):
        Probing(shop.url + "?pgbouncer=true").measure(probe("good", "SELECT 1"))


def test_a_server_that_is_not_there_is_an_error_without_the_password(shop: Probing) -> None:
    nowhere = Probing("postgresql://app:the-password@127.0.0.1:1/app")
    for act in (nowhere.measure, nowhere.require_runnable):
        with pytest.raises(DatabaseError, match="Connection refused") as caught:
            act(probe("good", "SELECT 1"))
        assert "the-password" not in repr(caught.value)


def test_a_lost_connection_ends_the_measuring(shop: Probing) -> None:
    with pytest.raises(DatabaseError, match="cannot be used"):
        shop.measure(probe("suicide", "SELECT pg_terminate_backend(pg_backend_pid())"))
    shop.wait_until_closed()


_IDLE = "SELECT set_config('idle_in_transaction_session_timeout', '1ms', true)"
_SAID = "terminating connection due to idle-in-transaction timeout"


def test_why_the_server_ended_a_session_is_told_where_only_the_rollback_notices(shop: Probing) -> None:
    def queries() -> Iterator[str]:
        yield _IDLE
        time.sleep(0.5)

    with pytest.raises(DatabaseError, match=_SAID), session(shop.address, options()) as one:
        one.timed(queries(), writes=True)
    with pytest.raises(DatabaseError, match=_SAID), session(shop.address, options()) as one, one.reading():
        list(map(one.ask, queries()))


def test_that_the_server_ended_a_session_is_told_and_not_that_the_rollback_failed(shop: Probing) -> None:
    def queries() -> Iterator[str]:
        yield _IDLE
        time.sleep(0.5)
        yield "SELECT 1"

    # The kernel may throw the server's last words away when the statement is sent: whether it does is a race.
    with (
        pytest.raises(DatabaseError, match=f"{_SAID}|server closed the connection unexpectedly"),
        session(shop.address, options()) as one,
    ):
        one.timed(queries(), writes=True)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_everything_is_closed_when_somebody_interrupts(shop: Probing, stop: type[BaseException]) -> None:
    def interrupt(_seconds: float) -> None:
        raise stop

    with pytest.raises(stop):
        shop.measure(probe("pool", "SELECT 1", connections=3), probe("good", "SELECT 1"), pause=interrupt)

    assert gc.isenabled()
    shop.wait_until_closed()
    assert [one.name for one in threading.enumerate() if "pool" in one.name] == []


def test_no_parameter_is_ever_shown(shop: Probing) -> None:
    body = "RETURNS void LANGUAGE plpgsql AS $$BEGIN"
    shop.tell(
        f"CREATE FUNCTION raised(text) {body} RAISE 'no %', $1; END$$",
        f"CREATE FUNCTION built(text) {body} EXECUTE 'SELECT ' || quote_ident($1); END$$",
        f"CREATE FUNCTION safe_class(text) {body} RAISE 'no %', $1 USING ERRCODE = '54000'; END$$",
        f"CREATE FUNCTION fixed_class(text) {body} RAISE 'no %', $1 USING ERRCODE = '55000'; END$$",
    )
    draw = {"all": "SELECT name FROM item WHERE id = 1"}
    found = shop.measure(
        probe("good", "SELECT 1 FROM item WHERE name = %(name)s", draw=draw),
        probe("cast", "SELECT %(name)s::int", draw=draw),
        probe("name", "SELECT %(name)s::regclass", draw=draw),
        probe("key", "INSERT INTO item SELECT 1, %(name)s", draw=draw, writes=True),
        probe("own", "SELECT name::int FROM item"),
        probe("raised", "SELECT raised(name) FROM item"),
        probe("built", "SELECT built(name) FROM item"),
        probe("class", "SELECT safe_class(name) FROM item"),
        probe("fixed", "SELECT fixed_class(name) FROM item"),
        probe("own name", "SELECT name::regclass FROM item"),
    )

    assert found.of("good").errors == 0
    assert [one.error for one in found.measured[1:]] == [
        "invalid text representation (22P02)",
        "undefined table (42P01)",
        "unique violation (23505)",
        "invalid text representation (22P02)",
        "raise exception (P0001)",
        "undefined column (42703)",
        "program limit exceeded (54000)",
        "object not in prerequisite state (55000)",
        "undefined table (42P01)",
    ]
    assert found.of("good").drawn[0].values == {"name": SECRET}
    assert SECRET not in repr(found)

    with pytest.raises(InvalidRequest) as caught:
        shop.require_runnable(
            probe("cast", "SELECT %(name)s::int", draw=draw), probe("name", "SELECT %(name)s::regclass", draw=draw)
        )
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
