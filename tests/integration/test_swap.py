"""Promise: after a swap the restored database is live in every respect but its rows, and the old one is kept."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from dbops.domain.report import Verdict
from dbops.domain.restores.record import RestoreState
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import PlanChanged, PreflightFailed, RestoreFailed, SwapFailed
from dbops.gateways.server.database_server import DatabaseServer
from dbops.jobs.restores.restore_place import RestorePlace
from demo.postgres import EmbeddedPostgres
from tests.backups import Programs, counted_rows, difference, execute
from tests.loading import SHOP, Loader
from tests.restoring import Restoring
from tests.servers import running_postgres

ODD_NAMES = [
    'Shop "1" it\'s 50% off; \\ $x `id`',
    "Läden 表 😀",
    "x" * 63,
    "ü" * 31,
    "select",
]

# All that belongs to a database's name and not to its content.
BELONGINGS = """
    SELECT pg_get_userbyid(datdba), datconnlimit, shobj_description(d.oid, 'pg_database'), dattablespace,
           encoding, datcollate, datctype, datlocprovider::text, datlocale,
           (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(datacl) acl),
           (SELECT array_agg((setrole::regrole, setting)::text ORDER BY setrole, setting)
            FROM pg_db_role_setting, unnest(setconfig) setting WHERE setdatabase = d.oid)
    FROM pg_database d WHERE datname = current_database()"""


@pytest.fixture
def roles(postgres_server: EmbeddedPostgres) -> Iterator[tuple[str, str]]:
    """An owner that is no superuser, with CREATEDB, and a role of its application."""
    owner, app = f'Owner "{secrets.token_hex(3)}" %', f"app {secrets.token_hex(3)}"
    postgres_server.create_role(owner, "word", create_databases=True)
    postgres_server.create_role(app, "word")
    granted, to = (name.replace('"', '""') for name in (app, owner))
    execute(postgres_server.url(), f'ALTER ROLE "{to}" CREATEROLE', f'GRANT "{granted}" TO "{to}" WITH ADMIN OPTION')
    yield owner, app
    for name in (to, granted):
        execute(postgres_server.url(), f'REASSIGN OWNED BY "{name}" TO postgres', f'DROP OWNED BY "{name}"')
        execute(postgres_server.url(), f'DROP ROLE "{name}"')


@pytest.fixture
def owned(loader: Loader, postgres_server: EmbeddedPostgres, roles: tuple[str, str]) -> Iterator[Restoring]:
    """A live database of an ordinary owner, who does everything."""
    owner, app = roles
    name = f"owned_{secrets.token_hex(4)}"
    postgres_server.create_database(name, owner=owner)
    url = postgres_server.url(name, user=owner, password="word")
    quoted, app = f'"{name}"', app.replace('"', '""')
    execute(
        url,
        *SHOP,
        f'GRANT USAGE ON SCHEMA crm TO "{app}"',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA crm, public TO "{app}"',
        f'GRANT SELECT ON ALL SEQUENCES IN SCHEMA crm TO "{app}"',
        f'ALTER DATABASE {quoted} SET search_path = crm, "Odd, one", public',
        f"ALTER DATABASE {quoted} SET application_name = 'it''s \\ 50% \"x\"'",
        f"ALTER DATABASE {quoted} SET TimeZone = 'Europe/Vienna'",
        f"ALTER ROLE \"{app}\" IN DATABASE {quoted} SET work_mem = '7MB'",
        f"COMMENT ON DATABASE {quoted} IS 'it''s a \\ shop; -- 100%'",
        f"ALTER DATABASE {quoted} CONNECTION LIMIT 42",
        f"REVOKE CONNECT, TEMPORARY ON DATABASE {quoted} FROM PUBLIC",
        f'GRANT CONNECT ON DATABASE {quoted} TO "{app}"',
        f"GRANT CREATE ON DATABASE {quoted} TO pg_monitor WITH GRANT OPTION",
    )
    loader.back_up(url)
    ground = Restoring(loader, url)
    yield ground
    as_superuser = Restoring(loader, postgres_server.url(name))
    as_superuser.clean_up()
    postgres_server.drop_database(name)


def test_all_that_belongs_to_the_name_follows_for_an_ordinary_owner(owned: Restoring, roles: tuple[str, str]) -> None:
    before = owned.ask(BELONGINGS)
    owned.tell("DELETE FROM crm.lines", "DELETE FROM crm.orders")

    owned.restored(mode="swap")
    record = owned.swap()
    owned.post_check()

    assert owned.ask(BELONGINGS) == before
    assert owned.ask("SELECT count(*) FROM crm.orders") == [(100,)]
    assert owned.ask("SELECT count(*) FROM crm.orders", record.before) == [(0,)]
    assert owned.report().verdict is Verdict.OK
    app = psycopg.connect(psycopg.conninfo.make_conninfo(owned.url, user=roles[1], password="word"))
    with app:
        assert app.execute("SELECT count(*) FROM crm.orders").fetchone() == (100,)
        assert app.execute("SHOW work_mem").fetchone() == ("7MB",)


def test_the_old_one_can_be_put_back_as_the_report_says(restoring: Restoring) -> None:
    restoring.tell("DELETE FROM crm.lines", "DELETE FROM crm.orders WHERE id > 7")
    before = restoring.ask(BELONGINGS)
    restoring.restored(mode="swap")
    record = restoring.swap()
    shown = restoring.report().markdown()

    back = shown.split("```sql\n")[2].split("\n```")[0].splitlines()
    restoring.tell(*back, database="postgres")

    assert restoring.databases() == {restoring.live, record.database}
    assert restoring.ask("SELECT count(*) FROM crm.orders") == [(7,)]
    assert restoring.ask(BELONGINGS) == before


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_that_needs_quoting(loader: Loader, postgres_server: EmbeddedPostgres, name: str) -> None:
    postgres_server.create_database(name)
    odd = Restoring(loader, postgres_server.url(name))
    others = odd.others()
    try:
        execute(odd.url, *SHOP)
        odd.tell(f"COMMENT ON DATABASE {odd.quoted} IS 'x'", f"ALTER DATABASE {odd.quoted} SET work_mem = '7MB'")
        loader.back_up(odd.url)
        odd.tell("DELETE FROM crm.lines", "DELETE FROM crm.orders")
        before = odd.ask(BELONGINGS)

        plan = odd.plan(mode="swap")
        assert plan.blockers == ()
        odd.load()
        odd.analyze()
        record = odd.verify()
        odd.swap()
        odd.post_check()

        assert odd.ask("SELECT count(*) FROM crm.orders") == [(100,)]
        assert odd.ask(BELONGINGS) == before
        assert odd.report().verdict is Verdict.OK
        assert record.before is not None
        assert odd.others() - others == {record.before}
        assert len(record.before.encode()) <= 63
    finally:
        for made in odd.others() - others:
            postgres_server.drop_database(made)
        postgres_server.drop_database(name)


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_a_live_database_that_is_gone_altogether(restoring: Restoring, mode: str) -> None:
    rows = counted_rows(restoring.url)
    restoring.tell(f"DROP DATABASE {restoring.quoted}", database="postgres")

    plan = restoring.plan(mode=mode)
    assert plan.blockers == ()
    assert ("There is no database" in " ".join(plan.warnings)) == (mode == "swap")
    restoring.load()
    restoring.analyze()
    record = restoring.verify()

    assert counted_rows(restoring.url_of(record.database)) == rows
    if mode == "swap":
        restoring.swap()
        restoring.post_check()
        assert restoring.databases() == {restoring.live}
        assert counted_rows(restoring.url) == rows
        assert "DROP DATABASE" not in restoring.report().markdown()
    assert restoring.report().verdict is Verdict.OK


def test_a_live_database_that_lets_nobody_in_can_be_restored_beside(restoring: Restoring) -> None:
    restoring.tell(f"ALTER DATABASE {restoring.quoted} ALLOW_CONNECTIONS false", database="postgres")

    shown = restoring.plan().markdown()
    assert "What is live now is not shown, because it cannot be read" in shown
    restoring.load()
    restoring.analyze()
    record = restoring.verify()

    assert restoring.ask("SELECT count(*) FROM crm.orders", record.database) == [(100,)]


def test_a_live_database_that_is_broken_is_swapped_away_and_kept(restoring: Restoring) -> None:
    restoring.tell(
        "SET allow_system_table_mods = on",
        "DELETE FROM pg_attribute WHERE attrelid = 'crm.orders'::regclass AND attnum = 1",
    )

    plan = restoring.plan(mode="swap")
    record = restoring.bring_back()
    swapped = restoring.swap()

    assert plan.blockers == ()
    assert "What is live now is not shown, because it cannot be read: pg_dump could not read" in plan.markdown()
    assert restoring.ask("SELECT count(*) FROM crm.orders") == [(100,)]
    assert restoring.databases() == {restoring.live, str(swapped.before)}
    assert record.verification is not None


def test_a_live_database_that_is_only_locked_or_closed_to_our_role_is_not_swapped_blindly(
    owned: Restoring, postgres_server: EmbeddedPostgres
) -> None:
    execute(postgres_server.url(owned.live), "CREATE TABLE hidden (n int)")

    with pytest.raises(RestoreFailed, match="permission denied for table hidden"):
        owned.plan(mode="swap")


def test_a_swap_without_owners_is_told_in_the_plan_and_in_the_report(restoring: Restoring) -> None:
    restoring.options = {"owners": False}

    plan = restoring.plan(mode="swap")
    restoring.bring_back()

    assert any("restore.owners is false: in the swapped database" in warning for warning in plan.warnings)
    restoring.swap()
    assert restoring.report().verdict is Verdict.WARNING
    assert "restore.owners is false" in restoring.report().markdown()
    assert not any("owners" in warning for warning in Restoring(restoring.loader, restoring.url).plan().warnings)


def test_what_belonged_to_the_name_of_a_database_that_is_gone_is_listed(restoring: Restoring) -> None:
    restoring.tell(
        f"ALTER DATABASE {restoring.quoted} SET work_mem = '7MB'",
        f"ALTER ROLE postgres IN DATABASE {restoring.quoted} SET statement_timeout = '77s'",
        f"REVOKE CONNECT ON DATABASE {restoring.quoted} FROM PUBLIC",
        f"COMMENT ON DATABASE {restoring.quoted} IS 'our shop'",
    )
    restoring.loader.back_up(restoring.url)
    restoring.tell(f"DROP DATABASE {restoring.quoted}", database="postgres")

    said = " ".join(restoring.plan(mode="swap").warnings)

    for words in (
        f'ALTER DATABASE {restoring.live} OWNER TO "postgres";',
        f"ALTER DATABASE {restoring.live} SET work_mem TO '7MB';",
        f"ALTER ROLE postgres IN DATABASE {restoring.live} SET statement_timeout TO '77s';",
        f"REVOKE CONNECT,TEMPORARY ON DATABASE {restoring.live} FROM PUBLIC;",
        f"COMMENT ON DATABASE {restoring.live} IS 'our shop';",
    ):
        assert words in said, (words, said)
    restoring.bring_back()
    restoring.swap()
    assert "it has a new database's" in restoring.report().markdown()


def test_a_live_database_that_came_back_since_the_plan_is_not_overwritten(restoring: Restoring) -> None:
    restoring.tell(f"DROP DATABASE {restoring.quoted}", database="postgres")
    restoring.restored(mode="swap")
    restoring.tell(f"CREATE DATABASE {restoring.quoted}", database="postgres")

    with restoring.refusing(PlanChanged, "is not what its plan says"):
        restoring.swap()


def test_connections_are_shown_in_the_plan_and_ended_by_the_swap(restoring: Restoring) -> None:
    restoring.restored(mode="swap")
    with psycopg.connect(restoring.url, application_name="web | shop", autocommit=True) as web:
        shown = Restoring(restoring.loader, restoring.url).plan(mode="swap").markdown()
        assert "| postgres | web \\| shop | 1 | yes |" in shown

        restoring.swap()

        with pytest.raises(psycopg.OperationalError):
            web.execute("SELECT 1")
    assert restoring.ask("SELECT count(*) FROM crm.orders") == [(100,)]


def test_clients_that_come_back_at_once_do_not_get_in_between(restoring: Restoring) -> None:
    """Each sees the old rows or the new ones, or is refused for a moment; the swap takes place."""
    restoring.tell("DELETE FROM crm.lines", "DELETE FROM crm.orders WHERE id > 7")
    restoring.restored(mode="swap")
    over = threading.Event()
    seen: set[int] = set()

    def knock() -> None:
        while not over.is_set():
            try:
                with psycopg.connect(restoring.url) as client:
                    while not over.is_set():
                        row = client.execute("SELECT count(*) FROM crm.orders").fetchone()
                        seen.add(row[0] if row else -1)
            except psycopg.Error:
                continue

    clients = [threading.Thread(target=knock) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        record = restoring.swap()
    finally:
        over.set()
        for client in clients:
            client.join()

    assert record.state is RestoreState.SWAPPED
    assert seen <= {7, 100}
    assert restoring.ask("SELECT count(*) FROM crm.orders") == [(100,)]


def test_sessions_that_our_role_may_not_end_keep_everything_as_it_is(
    owned: Restoring, postgres_server: EmbeddedPostgres
) -> None:
    owned.restored(mode="swap")
    with psycopg.connect(postgres_server.url(owned.live), application_name="dba", autocommit=True):
        shown = Restoring(owned.loader, owned.url).plan(mode="swap").markdown()
        assert "| postgres | dba | 1 | **no** |" in shown

        with owned.refusing(SwapFailed, "may not end the sessions of postgres (dba)"):
            owned.swap()
    assert owned.swap().state is RestoreState.SWAPPED


def test_sessions_that_our_role_may_not_end_are_found_before_anybodys_yes_is_used_up(
    owned: Restoring, postgres_server: EmbeddedPostgres
) -> None:
    owned.restored(mode="swap")
    asked: list[str] = []

    def consent(action: str, digest: str) -> str:
        asked.append(action)
        return "bob"

    with psycopg.connect(postgres_server.url(owned.live), application_name="dba", autocommit=True):
        with owned.refusing(SwapFailed, "may not end the sessions of postgres (dba)"):
            owned.swap(consent=consent)
        assert asked == []

    assert owned.swap(consent=consent).approved_by == "bob"
    assert asked == ["swap"]


def test_sessions_of_the_restored_database_are_ended_too(restoring: Restoring) -> None:
    record = restoring.restored(mode="swap")

    with psycopg.connect(restoring.url_of(record.database)):
        assert restoring.swap().state is RestoreState.SWAPPED


def test_what_has_been_loaded_does_not_need_its_disk_again(restoring: Restoring) -> None:
    server = restoring.place.server(restoring.target)
    room = restoring.plan(mode="swap").needed_bytes * 3 // 2
    restoring.options = {"disk_size": server.bytes_of_all(without=None) + room}

    restoring.restored(mode="swap")

    assert restoring.swap().state is RestoreState.SWAPPED


def test_the_tablespace_of_the_live_database_is_kept(loader: Loader, postgres_server: EmbeddedPostgres) -> None:
    name, place = f"placed_{secrets.token_hex(4)}", f"place {secrets.token_hex(4)}"
    execute(postgres_server.url(), "SET allow_in_place_tablespaces = on", f"CREATE TABLESPACE \"{place}\" LOCATION ''")
    execute(postgres_server.url(), f'CREATE DATABASE {name} TABLESPACE "{place}"')
    placed = Restoring(loader, postgres_server.url(name))
    try:
        execute(placed.url, *SHOP)
        loader.back_up(placed.url)
        before = placed.ask(BELONGINGS)

        placed.restored(mode="swap")
        placed.swap()

        assert placed.ask(BELONGINGS) == before
    finally:
        placed.clean_up()
        postgres_server.drop_database(name)
        execute(postgres_server.url(), f'DROP TABLESPACE "{place}"')


def test_a_role_that_could_not_read_the_new_live_database_is_noticed_before(
    owned: Restoring, postgres_server: EmbeddedPostgres, roles: tuple[str, str]
) -> None:
    app = replace(DatabaseAddress.from_url(owned.url), user=roles[1])
    owned.restored(mode="swap")
    quoted = roles[1].replace('"', '""')
    owned.tell(f'REVOKE ALL ON crm.orders FROM "{quoted}"', database=owned.record.database)
    owned.by = RestorePlace(app, DatabaseAddress.from_url(postgres_server.url(owned.live)))

    with owned.refusing(PreflightFailed, "may not read 1 of its tables and sequences: crm.orders"):
        owned.swap()


def test_while_the_live_database_is_called_postgres_another_one_is_worked_from(
    postgres_server: EmbeddedPostgres,
) -> None:
    server = DatabaseServer(DatabaseAddress.from_url(postgres_server.url()), "postgres")

    assert server.elsewhere.database == "template1"


@pytest.fixture(scope="module")
def replicating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server on which databases are replicated logically, and transactions prepared."""
    with running_postgres(
        tmp_path_factory.mktemp("replicating"), wal_level="logical", max_prepared_transactions="5"
    ) as server:
        yield server


HOLDERS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "a logical slot": (
        ("SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')",),
        ("SELECT pg_drop_replication_slot('cdc')",),
        "would see no change in the new one: cdc. Stop the connector, drop the slot",
    ),
    "a subscription": (
        ("CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)",),
        ("ALTER SUBSCRIPTION sub SET (slot_name = NONE)", "DROP SUBSCRIPTION sub"),
        "keep writing to it: sub. DROP SUBSCRIPTION",
    ),
    "a prepared transaction": (
        ("BEGIN", "INSERT INTO crm.lines DEFAULT VALUES", "PREPARE TRANSACTION 'half done'"),
        ("ROLLBACK PREPARED 'half done'",),
        "prepared transactions, which keep it from being renamed: half done",
    ),
}


@pytest.mark.parametrize(("make", "undo", "words"), HOLDERS.values(), ids=HOLDERS)
def test_what_holds_on_to_the_live_database_keeps_it(
    loader: Loader, replicating: EmbeddedPostgres, make: tuple[str, ...], undo: tuple[str, ...], words: str
) -> None:
    name = f"held_{secrets.token_hex(4)}"
    replicating.create_database(name)
    held = Restoring(loader, replicating.url(name))
    execute(held.url, *SHOP)
    loader.back_up(held.url)
    execute(held.url, *make)
    try:
        assert words in " ".join(held.plan(mode="swap").blockers)
        with held.refusing(PreflightFailed, words):
            held.load()
    finally:
        execute(held.url, *undo)
    again = Restoring(loader, held.url)
    again.restored(mode="swap")
    assert again.swap().state is RestoreState.SWAPPED


def test_a_slot_that_came_since_the_plan_is_noticed_before_the_swap(
    loader: Loader, replicating: EmbeddedPostgres
) -> None:
    name = f"held_{secrets.token_hex(4)}"
    replicating.create_database(name)
    held = Restoring(loader, replicating.url(name))
    execute(held.url, *SHOP)
    loader.back_up(held.url)
    held.restored(mode="swap")
    make, undo, words = HOLDERS["a logical slot"]
    execute(held.url, *make)
    try:
        with held.refusing(PreflightFailed, words):
            held.swap()
    finally:
        execute(held.url, *undo)


def test_the_trap_database_comes_back_beside(loader: Loader, trap_database: str, programs: Programs) -> None:
    loader.back_up(trap_database)
    trap = Restoring(loader, trap_database)
    try:
        record = trap.restored()

        assert record.verification is not None
        assert record.verification.errors == ()
        assert difference(programs.dump(trap.url_of(record.database)), programs.dump(trap_database)) == []
    finally:
        trap.clean_up()


def test_a_copy_of_the_trap_database_is_swapped_with_owners_and_grants(
    loader: Loader, trap_database: str, postgres_server: EmbeddedPostgres, programs: Programs
) -> None:
    name, source = f"trap_copy_{secrets.token_hex(4)}", DatabaseAddress.from_url(trap_database).database
    execute(postgres_server.url(), f"CREATE DATABASE {name} TEMPLATE {source} OWNER trap_owner")
    copy = Restoring(loader, postgres_server.url(name))
    try:
        copy.tell(f"GRANT CREATE ON DATABASE {name} TO trap_reader", f"ALTER DATABASE {name} SET work_mem = '7MB'")
        loader.back_up(copy.url)
        rows, belongings = programs.dump(copy.url), copy.ask(BELONGINGS)
        copy.tell("DROP TABLE trap.made_later")

        copy.restored(mode="swap")
        copy.swap()
        copy.post_check()

        assert difference(programs.dump(copy.url), rows) == []
        assert copy.ask(BELONGINGS) == belongings
    finally:
        copy.clean_up()
        postgres_server.drop_database(name)
