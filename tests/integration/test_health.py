"""The health panel on a server of its own, for what is judged - sessions, slots, replicas - is the whole server's."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from dbops.domain.health.item import HealthItem
from dbops.domain.health.sessions import SessionLimits
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.server import health
from dbops.gateways.server.health import read_health
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create, generate
from tests.backups import execute
from tests.faults.job import wait_until
from tests.servers import running_postgres

SECRET = "a-value-of-a-row"
ROWS = "CREATE TABLE {} (id int PRIMARY KEY, word text) WITH (autovacuum_enabled = false)"
FILLED = "INSERT INTO {} SELECT n, md5(n::text) FROM generate_series(1, {}) AS n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with running_postgres(
        tmp_path_factory.mktemp("health"),
        shared_preload_libraries="pg_stat_statements",
        wal_level="logical",
        max_prepared_transactions="5",
        shared_buffers="4MB",  # less than a database of the tests has
    ) as server:
        yield server


@pytest.fixture
def url(server: EmbeddedPostgres) -> Iterator[str]:
    """A fresh database."""
    name = f"health_{secrets.token_hex(4)}"
    server.create_database(name)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def plain(server: EmbeddedPostgres, url: str) -> Iterator[str]:
    """The same database for a role that may log in, and nothing else."""
    role = f"plain_{secrets.token_hex(4)}"
    server.create_role(role, "x")
    yield server.url(psycopg.conninfo.conninfo_to_dict(url)["dbname"], user=role, password="x")  # type: ignore[arg-type]
    execute(url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def panel(url: str, **limits: float) -> dict[str, HealthItem]:
    """The items by name; each name is there once."""
    items = read_health(DatabaseAddress.from_url(url), SessionLimits(**limits))
    by_name = {item.name: item for item in items}
    assert len(by_name) == len(items)
    return by_name


def worries(items: dict[str, HealthItem]) -> list[str]:
    return [name for name, item in items.items() if item.status != "ok"]


def eventually(url: str, name: str, holds: Callable[[HealthItem], bool], **limits: float) -> HealthItem:
    """The item once it is so: counters arrive a moment after the session that has counted."""
    until = time.monotonic() + 60
    while not holds(item := panel(url, **limits)[name]):
        assert time.monotonic() < until, item
        time.sleep(0.1)
    return item


def warned(url: str, name: str, **limits: float) -> HealthItem:
    item = eventually(url, name, lambda item: item.status == "warning", **limits)
    assert item.remedy
    return item


def calm(url: str, name: str) -> HealthItem:
    return eventually(url, name, lambda item: item.status == "ok")


def connected(url: str) -> closing[psycopg.Connection]:
    """A session whose transaction is rolled back in the end."""
    return closing(psycopg.connect(url))


@contextmanager
def executing(url: str, statement: str) -> Iterator[None]:
    """Meanwhile another session tries to execute it; however that ends."""

    def run() -> None:
        with psycopg.connect(url, autocommit=True) as connection, suppress(psycopg.Error):
            connection.execute(statement.encode())

    thread = threading.Thread(target=run, name=statement)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_a_fresh_sample_database_is_calm_and_nothing_is_hidden_from_its_superuser(url: str) -> None:
    create(url)
    generate(url, 0.05)
    items = panel(url)
    assert worries(items) == []
    assert len(items) == 17
    assert all(item.value and item.threshold and not item.remedy for item in items.values())
    assert "of this database: at most" in items["connections"].value


def test_connections_near_a_roles_limit_are_a_worry_with_advice_for_pools(url: str, plain: str) -> None:
    role = psycopg.conninfo.conninfo_to_dict(plain)["user"]
    execute(url, f"ALTER ROLE {role} CONNECTION LIMIT 5")
    with connected(plain), connected(plain), connected(plain):
        assert f"role {role}: 3 of 5 (60 %)" in panel(url)["connections"].value
        with connected(plain):
            item = warned(url, "connections")
    assert f"role {role}: 4 of 5 (80 %)" in item.value
    assert "PgBouncer" in item.remedy


def test_the_limit_of_the_database_bounds_its_pools(url: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    execute(url, f"ALTER DATABASE {name} CONNECTION LIMIT 20")
    assert "at most 20 together" in panel(url)["connections"].value


def test_the_cache_is_judged_once_enough_was_read_and_by_what_was_found_in_it(url: str) -> None:
    execute(url, "SELECT pg_stat_reset()")
    assert "too few reads to judge" in calm(url, "cache hit ratio").value
    execute(url, ROWS.format("much"), FILLED.format("much", 5_000))
    execute(url, *["SELECT count(word) FROM much"] * 2_500)
    item = eventually(url, "cache hit ratio", lambda item: "too few" not in item.value)
    assert item.status == "ok"
    assert item.value.startswith("99")
    execute(url, ROWS.format("more"), FILLED.format("more", 100_000), "SELECT pg_stat_reset()")
    execute(url, *["SELECT count(word) FROM more"] * 300)
    item = warned(url, "cache hit ratio")
    assert item.remedy.startswith("shared_buffers is 4.0 MiB and the database ")


def test_a_transaction_that_stays_open_and_idle_is_named_by_its_process_and_without_its_query(url: str) -> None:
    with connected(url) as connection:
        connection.execute(f"SELECT '{SECRET}', pg_backend_pid()".encode())
        pid = connection.info.backend_pid
        items = panel(url)
        assert items["longest transaction"].status == "ok"
        assert f"process {pid} (role postgres" in items["longest transaction"].value
        assert items["idle in transaction"].status == "ok"
        items = panel(url, open_seconds=0.0, idle_seconds=0.0)
        assert worries(items) == ["longest transaction", "idle in transaction"]
        assert f"process {pid} " in items["idle in transaction"].value
        assert "idle_in_transaction_session_timeout" in items["idle in transaction"].sql
        assert SECRET not in str(items)
        execute(url, items["longest transaction"].sql)
    eventually(url, "longest transaction", lambda item: item.value == "none is open", open_seconds=0.0)


def test_a_prepared_transaction_is_an_open_one(url: str) -> None:
    execute(url, "CREATE TABLE held (id int)")
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE held")
        connection.execute("PREPARE TRANSACTION 'forgotten'")
    try:
        item = panel(url, open_seconds=0.0)["longest transaction"]
        assert item.status == "warning"
        assert "the prepared transaction forgotten of role postgres" in item.value
        with executing(url, "SELECT * FROM held"):
            waiting = warned(url, "blocked sessions", blocked_seconds=0.0)
            assert " by a prepared transaction" in waiting.value
            execute(url, "ROLLBACK PREPARED 'forgotten'")
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_prepared_xacts").fetchone():
                connection.execute("ROLLBACK PREPARED 'forgotten'")


def test_who_blocks_whom_is_said_by_process_and_the_root_is_what_to_end(url: str, plain: str) -> None:
    execute(url, "CREATE TABLE account (id int, owner text)", "GRANT SELECT ON account TO PUBLIC")
    lock = "LOCK TABLE account IN ACCESS EXCLUSIVE MODE"
    with connected(url) as root:
        root.execute(lock.encode())
        pid = root.info.backend_pid
        with (
            executing(url, f"BEGIN; {lock}"),
            executing(url, f"SELECT * FROM account WHERE owner = '{SECRET}'"),  # noqa: S608
        ):
            item = warned(plain, "blocked sessions")  # without any privilege
            assert f"process {pid}" in item.value
            item = eventually(url, "blocked sessions", lambda item: item.value.count(f"by process {pid}") >= 1)
            assert item.remedy.endswith(f"process {pid} (role postgres), idle in transaction.")
            assert item.sql == f"SELECT pg_terminate_backend({pid});"
            assert SECRET not in str(item)
            root.rollback()
    calm(url, "blocked sessions")


def test_dead_rows_where_autovacuum_is_off_are_a_worry_until_they_are_vacuumed(url: str) -> None:
    name = 'we:"ird'
    execute(url, ROWS.format('"we:""ird"'), FILLED.format('"we:""ird"', 30_000))
    assert calm(url, "dead rows").sql == ""
    execute(url, 'DELETE FROM "we:""ird" WHERE id % 2 = 0')
    item = warned(url, "dead rows")
    assert item.value == 'public."we:""ird": 15,000 dead (50 %)'
    assert f"switched off for public.{psycopg.sql.Identifier(name).as_string()}" in item.remedy
    execute(url, *item.sql.splitlines())
    calm(url, "dead rows")


def test_a_table_that_was_never_vacuumed_or_analyzed_is_named_until_it_was(url: str) -> None:
    execute(
        url, ROWS.format("large"), FILLED.format("large", 12_000), ROWS.format("small"), FILLED.format("small", 500),
        ROWS.format("middle"), FILLED.format("middle", 2_000),
    )  # fmt: skip
    item = eventually(url, "never vacuumed or analyzed", lambda item: "large" in item.value and "middle" in item.value)
    assert item.value == (
        "never analyzed: public.large (12,000 rows), public.middle (2,000 rows); "
        "never vacuumed: public.large (12,000 rows)"
    )
    execute(url, *item.sql.splitlines())
    calm(url, "never vacuumed or analyzed")
    execute(url, "SELECT pg_stat_reset()", "INSERT INTO large SELECT n, '' FROM generate_series(20000, 40000) AS n")
    time.sleep(0.5)
    assert calm(url, "never vacuumed or analyzed"), "what the counters have forgotten was done all the same"


def test_the_bloat_of_a_table_and_its_index_is_estimated_about_as_it_is(url: str) -> None:
    execute(
        url,
        "CREATE EXTENSION pgstattuple",
        "CREATE TABLE loose (id bigint, key text NOT NULL, flag boolean, at timestamptz, note text) "
        "WITH (autovacuum_enabled = false)",
        "INSERT INTO loose SELECT n, repeat(md5(n::text), 4), n % 3 = 0, now(), CASE WHEN n % 4 = 0 THEN 'words' END "
        "FROM generate_series(1, 300000) AS n",
        "CREATE UNIQUE INDEX loose_key ON loose (key)",
        "VACUUM ANALYZE loose",
    )
    items = panel(url)
    assert (items["bloat of tables (estimate)"].status, items["bloat of indexes (estimate)"].status) == ("ok", "ok")
    execute(url, "DELETE FROM loose WHERE id % 5 <> 0", "VACUUM ANALYZE loose")
    items = panel(url)
    table, index = items["bloat of tables (estimate)"], items["bloat of indexes (estimate)"]
    assert (table.status, index.status) == ("warning", "warning")
    with psycopg.connect(url) as connection:
        row = connection.execute(table.sql.replace("*", "approx_free_percent").encode()).fetchone()
        leaf = connection.execute("SELECT 100 - avg_leaf_density / 0.9 FROM pgstatindex('loose_key')").fetchone()
    assert row
    assert leaf
    assert abs(percent(table) - row[0]) < 10
    assert abs(percent(index) - leaf[0]) < 10
    assert index.sql == 'REINDEX INDEX CONCURRENTLY "public"."loose_key";'
    execute(url, index.sql)
    assert calm(url, "bloat of indexes (estimate)").value == "none to speak of"


def percent(item: HealthItem) -> int:
    return int(item.value.rpartition("(")[2].removesuffix(" %)"))


def test_an_index_that_no_query_uses_while_its_table_is_asked_is_named_until_it_is_dropped(url: str) -> None:
    execute(
        url,
        ROWS.format("asked"), FILLED.format("asked", 50_000), ROWS.format("quiet"), FILLED.format("quiet", 50_000),
        "CREATE INDEX asked_word ON asked (word)", "CREATE INDEX quiet_word ON quiet (word)",
        "ANALYZE",
    )  # fmt: skip
    asked = "DO $$BEGIN FOR n IN 1..1100 LOOP PERFORM FROM asked WHERE id = n; END LOOP; END$$"
    execute(url, asked)
    item = warned(url, "unused indexes")
    assert item.value.startswith("public.asked.asked_word (")
    assert item.value.endswith("counted since the database was created")
    assert "replicas" in item.remedy
    execute(url, "SELECT pg_stat_reset()", asked)
    early = eventually(url, "unused indexes", lambda item: "too early" in item.value)
    assert early.status == "ok"
    execute(url, *item.sql.splitlines())
    assert calm(url, "unused indexes").value.startswith("none, counted for ")


def test_an_index_on_a_partitioned_table_counts_once_and_with_all_its_partitions(url: str) -> None:
    execute(
        url,
        "CREATE TABLE measured (id int, place int) PARTITION BY RANGE (id)",
        "CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM (0) TO (50000)",
        "CREATE TABLE measured_2 PARTITION OF measured FOR VALUES FROM (50000) TO (100000)",
        "INSERT INTO measured SELECT n, n FROM generate_series(1, 99999) AS n",
        "CREATE INDEX measured_place ON measured (place)",
        "CREATE INDEX measured_again ON measured (place)",
        "CREATE INDEX measured_id ON measured (id)",
        "ANALYZE",
        "DO $$BEGIN FOR n IN 1..1100 LOOP PERFORM FROM measured WHERE id = n; END LOOP; END$$",
    )
    item = warned(url, "unused indexes")
    assert item.value.count("public.measured.") == 2
    assert "measured_id" not in item.value
    twins = warned(url, "duplicate indexes")
    assert twins.value == "measured_place of public.measured is measured_again again"
    execute(url, *twins.sql.splitlines())
    calm(url, "duplicate indexes")


def test_of_indexes_that_are_the_same_the_one_that_enforces_least_can_be_dropped(url: str) -> None:
    execute(
        url,
        "CREATE TABLE book (id int PRIMARY KEY, isbn text UNIQUE, title text, author text, pages int)",
        "CREATE TABLE loan (id int PRIMARY KEY, isbn text REFERENCES book (isbn))",
        "CREATE UNIQUE INDEX book_id ON book (id)",
        "CREATE UNIQUE INDEX a_isbn ON book (isbn)",
        "CREATE INDEX b_isbn ON book (isbn)",
        "CREATE INDEX title_1 ON book (lower(title)) WHERE pages > 10",
        "CREATE INDEX title_2 ON book (lower(title))   WHERE  pages > 10",
        "CREATE INDEX other_predicate ON book (lower(title)) WHERE pages > 11",
        "CREATE INDEX other_opclass ON book (lower(title) text_pattern_ops) WHERE pages > 10",
        "CREATE INDEX other_order ON book (author DESC)",
        "CREATE INDEX plain_order ON book (author)",
        "CREATE INDEX other_collation ON book (author COLLATE \"C\")",
        "CREATE INDEX more ON book (author) INCLUDE (pages)",
        "CREATE INDEX hashed ON book USING hash (author)",
    )  # fmt: skip
    item = panel(url)["duplicate indexes"]
    assert item.status == "warning"
    assert item.value == (
        "book_id of public.book is book_pkey again, a_isbn of public.book is book_isbn_key again, "
        "b_isbn of public.book is book_isbn_key again, title_2 of public.book is title_1 again"
    )
    execute(url, *item.sql.splitlines())
    assert calm(url, "duplicate indexes").value == "none"


def test_an_index_whose_build_failed_is_invalid_until_it_is_built_anew(url: str) -> None:
    execute(url, ROWS.format("doubled"), "INSERT INTO doubled VALUES (1, 'same'), (2, 'same')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        execute(url, "CREATE UNIQUE INDEX CONCURRENTLY doubled_word ON doubled (word)")
    item = panel(url)["INVALID indexes"]
    assert (item.status, item.value) == ("warning", "public.doubled.doubled_word")
    with pytest.raises(psycopg.errors.UniqueViolation):
        execute(url, item.sql)
    left = panel(url)["INVALID indexes"]
    assert "doubled_word_ccnew" in left.value
    execute(url, "DELETE FROM doubled WHERE id = 2", *left.sql.splitlines())
    calm(url, "INVALID indexes")


def test_an_index_that_is_being_built_is_not_invalid_and_who_may_not_see_that_is_told_so(url: str, plain: str) -> None:
    execute(url, ROWS.format("busy"))
    with connected(url) as writing:
        writing.execute("INSERT INTO busy VALUES (1, 'x')")
        with executing(url, "CREATE INDEX CONCURRENTLY busy_word ON busy (word)"):
            item = eventually(url, "INVALID indexes", lambda item: "busy_word" in item.value)
            assert (item.status, item.value) == ("ok", "public.busy.busy_word: being built")
            hidden = panel(plain)["INVALID indexes"]
            assert hidden.status == "unknown"
            assert "pg_monitor" in hidden.remedy
            writing.rollback()
    assert panel(url)["INVALID indexes"].value == "none"


def test_a_sequence_near_its_end_is_named_and_so_is_the_column_that_ends_first(url: str) -> None:
    execute(url, "CREATE TABLE ticket (id serial)", "SELECT setval('ticket_id_seq', 1000000000)")
    assert panel(url)["sequences and integer keys"].value == "fullest: public.ticket_id_seq (47 %)"
    execute(url, "SELECT setval('ticket_id_seq', 2000000000)")
    item = panel(url)["sequences and integer keys"]
    assert item.status == "warning"
    assert "the sequence public.ticket_id_seq" in item.value
    assert "has used 93 % of its numbers" in item.value
    assert "bigint" in item.remedy


def test_transaction_ids_are_told_with_their_lines(url: str) -> None:
    item = panel(url)["transaction ids"]
    assert item.status == "ok"
    assert item.value.endswith("; old from 500 million on")
    assert "0.0 million" not in item.value


def test_a_slot_that_nobody_reads_is_a_worry_until_it_is_dropped(url: str) -> None:
    execute(url, "SELECT pg_create_physical_replication_slot('never_used')")
    assert panel(url)["replication slots"].status == "ok"
    execute(url, "SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')")
    try:
        item = panel(url)["replication slots"]
        assert item.status == "warning"
        assert item.value.startswith("left_behind (logical, inactive")
        assert "disk" in item.remedy
        execute(url, *item.sql.splitlines())
        assert panel(url)["replication slots"].status == "ok"
    finally:
        execute(url, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")


def test_who_follows_the_server_is_told_and_hidden_from_a_role_without_rights(
    server: EmbeddedPostgres, url: str, plain: str, tmp_path: Path
) -> None:
    assert panel(plain)["replicas"].value == "none"
    address = psycopg.conninfo.make_conninfo(url, password="", application_name="follower")
    receiver = subprocess.Popen(
        [server.bin_dir / "pg_receivewal", "-D", tmp_path, "-d", address, "--synchronous"],
        env={**os.environ, "PGPASSWORD": server.password},
    )
    try:
        item = eventually(url, "replicas", lambda item: "behind" in item.value)
        assert item.status == "ok"
        assert item.value.startswith("follower (")
        hidden = panel(plain)["replicas"]
        assert (hidden.status, hidden.value) == ("unknown", "1 replica not seen")
        assert "pg_monitor" in hidden.remedy
    finally:
        receiver.terminate()
        receiver.wait()
    eventually(url, "replicas", lambda item: item.value == "none")


def test_the_costliest_statements_are_shown_without_a_value_and_never_those_that_may_hold_a_password(url: str) -> None:
    item = panel(url)["costliest statements"]
    assert item.status == "ok"
    assert "CREATE EXTENSION" in item.value
    execute(
        url,
        "CREATE SCHEMA \"ext:ra\"", "CREATE EXTENSION pg_stat_statements SCHEMA \"ext:ra\"",
        "CREATE TABLE person (name text)",
        f"INSERT INTO person VALUES ('{SECRET}')",  # noqa: S608
        f"SELECT count(*) FROM person, generate_series(1, 100000) WHERE name = '{SECRET}'",  # noqa: S608
        f"CREATE ROLE forgotten PASSWORD '{SECRET}'", "DROP ROLE forgotten",
    )  # fmt: skip
    item = panel(url)["costliest statements"]
    assert item.status == "ok"
    assert "SELECT count(*) FROM person, generate_series($1, $2) WHERE name = $3" in item.value
    assert "PASSWORD" not in item.value
    assert SECRET not in item.value


def test_a_role_without_rights_gets_what_it_may_see_and_the_grants_by_name(url: str, plain: str) -> None:
    execute(url, ROWS.format("locked_away"), FILLED.format("locked_away", 200_000), "CREATE SEQUENCE hidden")
    execute(url, "CREATE EXTENSION pg_stat_statements", "VACUUM ANALYZE")
    role = psycopg.conninfo.conninfo_to_dict(plain)["user"]
    with connected(url) as other:
        other.execute("SELECT 1")
        items = panel(plain)
        assert worries(items) == [
            "longest transaction",
            "idle in transaction",
            "bloat of tables (estimate)",
            "sequences and integer keys",
            "costliest statements",
        ]
        for name in ("longest transaction", "idle in transaction", "costliest statements"):
            assert items[name].status == "unknown"
            assert items[name].sql == f'GRANT pg_monitor TO "{role}";'
            assert "GRANT pg_monitor" in items[name].remedy
        assert "1 session of other roles not seen" in items["longest transaction"].value
        for name in ("bloat of tables (estimate)", "sequences and integer keys"):
            assert items[name].sql == f'GRANT pg_read_all_data TO "{role}";'
        execute(url, *{items[name].sql for name in worries(items)})
        try:
            assert worries(panel(plain)) == []
        finally:
            execute(url, f"REVOKE pg_monitor, pg_read_all_data FROM {role}")


def test_what_one_question_is_refused_takes_no_other_answer_down(url: str, plain: str) -> None:
    execute(url, "REVOKE SELECT ON pg_catalog.pg_replication_slots FROM PUBLIC", "CREATE SEQUENCE changed")
    execute(url, "GRANT SELECT ON SEQUENCE changed TO PUBLIC")
    assert worries(panel(plain)) == ["replication slots"]
    assert panel(plain)["replication slots"].value == "our role may not read it"
    with connected(url) as other:
        other.execute("ALTER SEQUENCE changed INCREMENT 2")
        items = panel(url)
        assert worries(items) == ["sequences and integer keys"]
        assert items["sequences and integer keys"].value == "the server took too long to answer"


def test_a_table_that_somebody_has_locked_keeps_no_answer_back(url: str) -> None:
    execute(
        url,
        ROWS.format("locked"), FILLED.format("locked", 200_000),
        "CREATE INDEX one ON locked (lower(word)) WHERE id > 5",
        "CREATE INDEX two ON locked (lower(word)) WHERE id > 5", "VACUUM ANALYZE locked",
    )  # fmt: skip
    with connected(url) as other:
        other.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        assert worries(panel(url)) == ["duplicate indexes"]


def test_a_session_that_is_ended_in_the_middle_costs_one_answer(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_LOCK_MS", 60_000)  # long enough for whoever is to end it while it waits
    monkeypatch.setattr(health, "_STATEMENT_MS", 60_000)
    execute(url, "CREATE SEQUENCE changed")
    waiting = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def end() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            until = time.monotonic() + 60
            while not connection.execute(waiting).fetchone() and time.monotonic() < until:
                time.sleep(0.02)

    with connected(url) as other:
        other.execute("ALTER SEQUENCE changed INCREMENT 2")
        ending = threading.Thread(target=end)
        ending.start()
        items = panel(url)
        ending.join()
    assert worries(items) == ["sequences and integer keys"]
    assert items["sequences and integer keys"].value == "the session was ended meanwhile"


def test_an_extension_that_was_never_loaded_is_said_and_costs_nothing_else(empty_database: str) -> None:
    execute(empty_database, "CREATE EXTENSION pg_stat_statements")
    item = panel(empty_database)["costliest statements"]
    assert item.status == "unknown"
    assert "shared_preload_libraries" in item.value


def test_a_server_that_is_gone_is_a_database_error() -> None:
    with pytest.raises(DatabaseError):
        read_health(DatabaseAddress("shop", "127.0.0.1", 1, "dba", "x"))


def test_reading_the_panel_writes_nothing_and_leaves_no_session(url: str) -> None:
    execute(url, ROWS.format("kept"))
    with psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        panel(url)
        after = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        ours = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dbops'"
        wait_until(lambda: not connection.execute(ours).fetchall(), "the server has noticed its end")
    assert before
    assert after
    assert after[0] == before[0] + 1
