"""Promise: one schema of a backup comes into a live database under a new name, as a whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import BackupUnusable, DbopsError, InvalidRequest, PreflightFailed, RestoreFailed
from dbops.gateways.processes.programs import Program, find_program
from dbops.gateways.schema.schema_copy import copy_schema
from dbops.gateways.schema.schema_rename import rename_schema
from demo.postgres import EmbeddedPostgres
from tests.backups import counted_rows, difference, execute
from tests.loading import BY_ENUM, FELT, SHOP, Loader
from tests.schema_restores import Repair, copied_rows, schema_script

# Beside the shop's own: a schema that leans on others, and others that lean on it.
AROUND = (
    "CREATE EXTENSION citext",
    "CREATE EXTENSION unaccent",
    "CREATE SCHEMA auth",
    "CREATE TABLE auth.users (id int PRIMARY KEY, mail citext UNIQUE)",
    "INSERT INTO auth.users SELECT n, 'user ' || n FROM generate_series(1, 30) n",
    "ALTER TABLE crm.customers ADD login int REFERENCES auth.users, ADD mail citext",
    "UPDATE crm.customers SET login = id % 30 + 1, mail = 'M' || id",
    "CREATE VIEW crm.logins AS SELECT c.name, u.mail FROM crm.customers c JOIN auth.users u ON u.id = c.login",
    """CREATE FUNCTION crm.plain(text) RETURNS text LANGUAGE sql IMMUTABLE
       AS 'SELECT lower(public.unaccent($1))'""",
    "CREATE INDEX plain_names ON crm.customers (crm.plain(name))",
    """CREATE FUNCTION crm.count_orders() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM crm.orders'""",
    """CREATE FUNCTION crm.count_lines() RETURNS bigint LANGUAGE sql STABLE
       BEGIN ATOMIC SELECT count(*) FROM crm.lines; END""",
    "CREATE SEQUENCE crm.tickets START 42",
    "SELECT nextval('crm.tickets') FROM generate_series(1, 5)",
    "CREATE TABLE crm.days (day date PRIMARY KEY, n int) PARTITION BY RANGE (day)",
    "CREATE TABLE crm.january PARTITION OF crm.days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    "CREATE TABLE crm.february PARTITION OF crm.days FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
    "INSERT INTO crm.days SELECT date '2026-01-01' + n, n FROM generate_series(0, 49) n",
    "CREATE MATERIALIZED VIEW crm.totals AS SELECT count(*) AS n FROM crm.orders",
    "CREATE PUBLICATION all_orders FOR TABLE crm.orders",
    "CREATE TABLE public.notes (customer int REFERENCES crm.customers)",
    "INSERT INTO public.notes VALUES (7)",
)


@pytest.fixture
def repair(loader: Loader, tmp_path: Path) -> Repair:
    return Repair(loader, tmp_path / "repairs")


@pytest.fixture
def shop(repair: Repair, empty_database: str) -> str:
    """A live database that was backed up, and has lost rows since."""
    execute(empty_database, *SHOP, *AROUND)
    repair.loader.back_up(empty_database)
    execute(empty_database, "DELETE FROM crm.lines", "DELETE FROM crm.orders WHERE id > 10")
    return empty_database


def schemas(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT nspname FROM pg_namespace").fetchall()}


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_schema_comes_back_beside_the_live_one_which_is_not_touched(repair: Repair, shop: str) -> None:
    before = repair.others(shop, "crm_back")

    restored = repair.restore(shop, "crm", "crm_back")

    proof = restored.verification
    assert proof.findings == ()
    assert (proof.ok, proof.whole, proof.kind) == (True, False, "restore")
    assert proof.rows == 100 + 100 + 50
    assert difference(repair.others(shop, "crm_back"), before) == []
    rows = counted_rows(shop)
    assert rows["crm", "orders"] == 10
    assert {name: rows["crm_back", name] for name in ("customers", "orders", "lines", "january", "february")} == {
        "customers": 100, "orders": 100, "lines": 0, "january": 31, "february": 19
    }  # fmt: skip
    assert one(shop, "SELECT nextval('crm_back.tickets')") == 47
    assert one(shop, "INSERT INTO crm_back.customers (mood) VALUES ('sad') RETURNING id") == 101
    assert one(shop, "SELECT n FROM crm_back.totals") == 100
    assert one(shop, "SELECT crm_back.count_lines()") == 0
    assert one(shop, "SELECT count(*) FROM crm_back.logins") == 100
    assert one(shop, "SELECT count(*) FROM pg_stats WHERE schemaname = 'crm_back' AND tablename = 'orders'") == 3
    assert restored.loaded.downloaded > 0
    repair.expect_nothing_left()


def test_what_stays_behind_or_is_not_as_it_was_is_told(repair: Repair, shop: str) -> None:
    warnings = repair.restore(shop, "crm", "crm_back").warnings

    assert set(warnings) == {
        "Left out: foreign key customers customers_login_fkey, whose other table is not restored.",
        "Left out: publication table all_orders orders, which belongs to the database and not to the schema.",
        "Left out: the backup's large objects, which belong to no schema.",
        "Some of it uses auth.users: those of the live database, as they are there now.",
        "Function bodies are text, and these name the old schema crm: count_orders.",
        "Unqualified names in the bodies of its 3 functions are found by the search_path, which may lead to crm.",
    }
    assert one(shop, "SELECT count(*) FROM pg_publication_rel") == 1


def test_it_is_the_schema_of_the_backup_line_by_line(repair: Repair, shop: str, restored_database: str) -> None:
    execute(
        restored_database,
        "CREATE EXTENSION citext",
        "CREATE EXTENSION unaccent",
        "CREATE SCHEMA auth",
        "CREATE TABLE auth.users (id int PRIMARY KEY, mail citext UNIQUE)",
    )
    archive = repair.loader.back_up(shop)

    repair.restore(restored_database, "crm", "crm_back", archive=archive)

    ours = [line.replace("crm_back", "crm") for line in schema_script(repair.programs, restored_database, "crm_back")]
    theirs = schema_script(repair.programs, shop, "crm")
    foreign_key = next(n for n, line in enumerate(theirs) if "customers_login_fkey; Type: FK CONSTRAINT" in line)
    del theirs[foreign_key - 1 : foreign_key + 7]
    assert difference(ours, theirs) == []


def test_the_trap_schema_comes_back_with_every_row_owner_and_grant(
    repair: Repair, trap_database: str, restored_database: str
) -> None:
    archive = repair.loader.back_up(trap_database)
    repair.loader.load(archive, restored_database)
    before = repair.others(restored_database, "trap_back")

    restored = repair.restore(restored_database, "trap", "trap_back")

    assert restored.verification.errors == ()
    assert difference(repair.others(restored_database, "trap_back"), before) == []
    ours = [
        line.replace("trap_back", "trap") for line in schema_script(repair.programs, restored_database, "trap_back")
    ]
    assert copied_rows(ours) == copied_rows(schema_script(repair.programs, trap_database, "trap"))
    assert any("grandchild is no longer a child of trap odd.child" in warning for warning in restored.warnings)
    grants = [line for line in ours if line.startswith(("GRANT ", "REVOKE ")) or " OWNER TO " in line]
    expected = [
        line
        for line in schema_script(repair.programs, trap_database, "trap")
        if line.startswith(("GRANT ", "REVOKE ")) or " OWNER TO " in line
    ]
    assert sorted(grants) == sorted(expected)


@pytest.mark.parametrize("new_name", ['we"ird % \\ näme $1', "select", "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ"])
def test_names_that_need_quoting_are_quoted(
    repair: Repair, trap_database: str, restored_database: str, new_name: str
) -> None:
    archive = repair.loader.back_up(trap_database)
    repair.loader.load(archive, restored_database)

    restored = repair.restore(restored_database, "trap odd", new_name)

    assert restored.verification.errors == ()
    assert {table: rows for (schema, table), rows in counted_rows(restored_database).items() if schema == new_name} == {
        table: rows for (schema, table), rows in counted_rows(trap_database).items() if schema == "trap odd"
    }


@pytest.fixture
def plain_role(postgres_server: EmbeddedPostgres) -> Iterator[tuple[str, str]]:
    """A role that owns a live database and may nothing else, and the database's URL as that role."""
    name = f"plain_{secrets.token_hex(4)}"
    postgres_server.create_role(name, "secret")
    postgres_server.create_database(name, owner=name)
    yield name, postgres_server.url(name, user=name, password="secret")
    postgres_server.drop_database(name)
    execute(postgres_server.url(), f"DROP ROLE {name}")


# What belongs to public, and to nobody else.
IN_PUBLIC = (
    "CREATE EXTENSION citext",
    "CREATE EXTENSION pgcrypto",
    "CREATE EXTENSION hstore",
    "CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), mail citext UNIQUE, more hstore)",
    "INSERT INTO users (mail, more) SELECT 'User' || n, hstore('n', n::text) FROM generate_series(1, 20) n",
    "CREATE INDEX ON users USING gin (more)",
    "CREATE VIEW mails AS SELECT mail FROM users WHERE mail <> 'x'::citext",
)


def test_public_comes_back_for_a_role_that_only_owns_the_database_and_its_extensions_stay_in_public(
    repair: Repair, plain_role: tuple[str, str]
) -> None:
    role, url = plain_role
    execute(url, *IN_PUBLIC)
    repair.loader.back_up(url)
    execute(url, "DROP VIEW mails", "DROP TABLE users")

    restored = repair.restore(url, "public", "public_back")

    assert restored.verification.findings == ()
    assert counted_rows(url) == {("public_back", "users"): 20}
    assert one(url, "SELECT count(*) FROM public_back.mails WHERE mail = 'USER7'") == 1
    types = "SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'public_back.users'::regclass"
    assert one(url, f"{types} AND attname = 'mail'") == "citext"
    assert one(url, "SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace "
                    "WHERE extname = 'citext'") == "public"  # fmt: skip
    assert one(url, "SELECT tableowner FROM pg_tables WHERE tablename = 'users'") == role
    assert one(url, "SELECT has_schema_privilege('pg_monitor', 'public_back', 'USAGE')") is True


@pytest.fixture
def stranger(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A role that the plain one has nothing to do with."""
    name = f"stranger_{secrets.token_hex(4)}"
    execute(postgres_server.url(), f"CREATE ROLE {name}")
    yield name
    execute(postgres_server.url(), f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_owners_that_the_role_may_not_set_are_refused_as_a_whole_and_can_be_left_out(
    repair: Repair, empty_database: str, plain_role: tuple[str, str], stranger: str
) -> None:
    role, url = plain_role
    execute(
        empty_database,
        "CREATE SCHEMA owned",
        "CREATE TABLE owned.t AS SELECT 1 AS n",
        f"ALTER TABLE owned.t OWNER TO {stranger}",
        f"GRANT USAGE ON SCHEMA owned TO {stranger}",
    )
    repair.loader.back_up(empty_database)
    execute(empty_database, "DROP SCHEMA owned CASCADE")

    with pytest.raises(RestoreFailed, match=r"SET ROLE.*without owners and grants"):
        repair.restore(url, "owned", "back")
    assert "back" not in schemas(url)
    restored = repair.restore(url, "owned", "back", owners=False)

    assert restored.verification.findings == ()
    assert one(url, "SELECT tableowner FROM pg_tables WHERE tablename = 't'") == role
    repair.expect_nothing_left()


def test_a_role_that_may_not_create_schemas_is_told_before_anything_is_done(
    repair: Repair, shop: str, plain_role: tuple[str, str], postgres_server: EmbeddedPostgres
) -> None:
    role, _ = plain_role
    database = shop.rpartition("/")[2]

    with pytest.raises(PreflightFailed, match=f"The role {role} may not create a schema"):
        repair.restore(postgres_server.url(database, user=role, password="secret"), "crm", "crm_back")


def test_a_name_that_is_taken_or_impossible_is_refused(repair: Repair, shop: str) -> None:
    before = repair.others(shop, "")
    with pytest.raises(PreflightFailed, match=r"There is a schema auth in .* already"):
        repair.restore(shop, "crm", "auth")
    for name in ("", "pg_mine", "public", "ä" * 32):
        with pytest.raises(InvalidRequest, match="cannot be the name"):
            repair.restore(shop, "crm", name)
    with pytest.raises(InvalidRequest, match=r"no schema crn\. Did you mean"):
        repair.restore(shop, "crn", "back")
    assert difference(repair.others(shop, ""), before) == []
    repair.expect_nothing_left()


def test_a_schema_that_was_dropped_comes_back_under_its_own_name(repair: Repair, shop: str) -> None:
    execute(shop, "DROP SCHEMA crm CASCADE")

    assert repair.restore(shop, "crm", "crm").verification.findings == ()
    assert counted_rows(shop)["crm", "orders"] == 100


def test_a_live_server_older_than_the_backup_is_refused(repair: Repair, shop: str) -> None:
    archive = repair.loader.open()
    newer = replace(archive, manifest=replace(archive.manifest, server_version="99.1"))

    with pytest.raises(PreflightFailed, match="older than the backup's 99"):
        repair.restore(shop, "crm", "crm_back", archive=newer)


def test_what_the_live_database_lacks_is_named_and_nothing_is_left_of_the_schema(
    repair: Repair, shop: str, restored_database: str
) -> None:
    with pytest.raises(PreflightFailed, match="needs extension citext in schema public, which the live database lacks"):
        repair.restore(restored_database, "crm", "crm_back")
    execute(restored_database, "CREATE SCHEMA x", "CREATE EXTENSION citext SCHEMA x")
    with pytest.raises(PreflightFailed, match="has it in schema x"):
        repair.restore(restored_database, "crm", "crm_back")
    execute(restored_database, "ALTER EXTENSION citext SET SCHEMA public", "CREATE EXTENSION unaccent")

    with pytest.raises(RestoreFailed, match=r'needs what the live database lacks: relation "auth\.users" does not'):
        repair.restore(restored_database, "crm", "crm_back")

    assert schemas(restored_database) & {"crm", "crm_back", "auth"} == set()
    repair.expect_nothing_left()


def test_partitions_whose_rows_lie_otherwise_in_every_database_come_back_whole(
    repair: Repair, empty_database: str
) -> None:
    execute(empty_database, *BY_ENUM)
    repair.loader.back_up(empty_database)

    restored = repair.restore(empty_database, "feelings", "feelings_back")

    assert restored.verification.findings == ()
    assert restored.verification.rows == FELT
    lost = (
        "SELECT count(*) FROM (TABLE feelings.felt EXCEPT SELECT id, mood::text::feelings.mood FROM feelings_back.felt)"
    )
    assert one(empty_database, f"{lost} AS lost") == 0


def test_a_partition_is_parted_from_a_live_parent_and_one_in_another_schema_is_refused(
    repair: Repair, empty_database: str
) -> None:
    execute(
        empty_database,
        "CREATE SCHEMA parents",
        "CREATE SCHEMA children",
        "CREATE TABLE parents.days (day date, n int, PRIMARY KEY (day)) PARTITION BY RANGE (day)",
        "CREATE TABLE children.january PARTITION OF parents.days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
        "CREATE TABLE parents.kinds (kind text)",
        "CREATE TABLE children.kinds (more text) INHERITS (parents.kinds)",
        "INSERT INTO parents.days SELECT date '2026-01-01' + n, n FROM generate_series(0, 30) n",
        "INSERT INTO children.kinds VALUES ('a', 'b')",
    )
    repair.loader.back_up(empty_database)

    restored = repair.restore(empty_database, "children", "back")

    assert restored.verification.findings == ()
    assert counted_rows(empty_database)["back", "january"] == 31
    assert one(empty_database, "SELECT count(*) FROM parents.days") == 31
    assert one(empty_database, "SELECT count(*) FROM parents.kinds") == 1
    assert [warning.partition(",")[0] for warning in restored.warnings] == [
        "Table january is no longer a partition of parents.days",
        "Table kinds is no longer a child of parents.kinds",
    ]
    with pytest.raises(PreflightFailed, match=r"parents\.days has a partition in another schema, children\.january"):
        repair.restore(empty_database, "parents", "back again")


def test_a_damaged_backup_leaves_the_live_database_alone(repair: Repair, shop: str) -> None:
    archive = repair.loader.open()
    wanted = {entry.file for entry in archive.entries if entry.kind == "TABLE DATA" and entry.schema == "crm"}
    largest = max((file for file in archive.data_files if file.name.removesuffix(".zst") in wanted),
                  key=lambda file: file.bytes)  # fmt: skip
    repair.loader.damage(largest.name)

    with pytest.raises((BackupUnusable, RestoreFailed)):
        repair.restore(shop, "crm", "crm_back")

    assert "crm_back" not in schemas(shop)
    repair.expect_nothing_left()


def test_a_disk_that_is_too_small_is_said_in_advance(
    repair: Repair, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbops.gateways.scratch.throwaway_server.ThrowawayServer.free_bytes", 1000)

    with pytest.raises(PreflightFailed, match=r"needs about .* of the worker's disk"):
        repair.restore(shop, "crm", "crm_back")


def test_a_failure_half_way_takes_everything_back_and_tells_no_row(
    repair: Repair, empty_database: str, restored_database: str
) -> None:
    """The live database refuses the last table, after others came with their rows."""
    execute(
        empty_database,
        "CREATE SCHEMA s",
        "CREATE FUNCTION public.fine(text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'",
        "CREATE TABLE s.a AS SELECT n FROM generate_series(1, 5000) n",
        "CREATE TABLE s.b (secret text CONSTRAINT is_fine CHECK (public.fine(secret)))",
        "INSERT INTO s.b VALUES ('hunter2')",
    )
    repair.loader.back_up(empty_database)
    execute(
        restored_database,
        "CREATE FUNCTION public.fine(text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false'",
    )

    with pytest.raises(RestoreFailed, match='violates check constraint "is_fine"') as refused:
        repair.restore(restored_database, "s", "back")

    assert "hunter2" not in str(refused.value)
    assert "back" not in schemas(restored_database)


def test_what_a_function_says_of_a_row_is_not_repeated(
    repair: Repair, empty_database: str, restored_database: str
) -> None:
    fine = "CREATE FUNCTION public.fine(text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$BEGIN {} RETURN true; END$$"
    execute(
        empty_database,
        "CREATE SCHEMA s",
        fine.format(""),
        "CREATE TABLE s.b (secret text CONSTRAINT is_fine CHECK (public.fine(secret)))",
        "INSERT INTO s.b VALUES ('hunter2')",
    )
    repair.loader.back_up(empty_database)
    execute(restored_database, fine.format("RAISE 'card % is not known', $1;"))

    with pytest.raises(
        RestoreFailed, match="did not accept schema back: the server's words are not repeated"
    ) as refused:
        repair.restore(restored_database, "s", "back")

    assert "hunter2" not in f"{refused.value!r} {refused.value.what} {refused.value.remedy}"


def test_default_privileges_of_the_live_database_are_a_warning(repair: Repair, shop: str) -> None:
    execute(shop, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor")

    proof = repair.restore(shop, "crm", "crm_back").verification

    assert proof.ok
    assert any("default privileges" in warning for warning in proof.warnings)


def copy(repair: Repair, source: str, live: str, schema: str, *, live_major: int = 17, **others: Program) -> None:
    pg_dump, psql = (
        find_program(name, repair.programs.folder, at_least=16, why="a test") for name in ("pg_dump", "psql")
    )
    copy_schema(
        others.get("pg_dump", pg_dump),
        psql,
        DatabaseAddress.from_url(source),
        DatabaseAddress.from_url(live),
        schema,
        live_major=live_major,
        owners=True,
        target="vault",
        directory=repair.place,
    )


OLDER_PG_DUMP = r"""#!/bin/sh
for word; do
  case "$word" in --file=*) into="${word#--file=}" ;; esac
done
"%s" "$@" --file=/dev/stdout | sed '/^.restrict /d; /^.unrestrict /d' > "$into"
"""


@pytest.mark.parametrize("rows", [0, 50_000])
def test_a_pg_dump_whose_scripts_let_psql_obey_more_than_sql_copies_nothing(
    repair: Repair, empty_database: str, restored_database: str, tmp_path: Path, rows: int
) -> None:
    """As those before August 2025 do, which a server can have write what psql obeys."""
    execute(empty_database, "CREATE SCHEMA s", f"CREATE TABLE s.t AS SELECT generate_series(1, {rows}) n")
    real = find_program("pg_dump", repair.programs.folder, at_least=16, why="a test")
    older = tmp_path / "pg_dump"
    older.write_text(OLDER_PG_DUMP % real.path)
    older.chmod(0o755)

    with pytest.raises(RestoreFailed, match=r"let psql execute whatever commands the backup contains"):
        copy(repair, empty_database, restored_database, "s", pg_dump=replace(real, path=older))

    assert "s" not in schemas(restored_database)


@pytest.mark.parametrize("rows", [0, 50_000])
@pytest.mark.parametrize(("live_major", "found"), [(16, "7min"), (17, "0")])
def test_a_setting_that_an_older_server_does_not_know_is_not_sent_to_it_and_nothing_else_is_missing(  # noqa: PLR0917
    repair: Repair, empty_database: str, restored_database: str, rows: int, live_major: int, found: str
) -> None:
    """What the session's setting was, the materialized view keeps that the script fills."""
    execute(
        empty_database,
        "CREATE SCHEMA s",
        f"CREATE TABLE s.t AS SELECT n, 'SET transaction_timeout = 0;' AS x FROM generate_series(1, {rows}) n",  # noqa: S608 - a number
        "CREATE MATERIALIZED VIEW s.said AS SELECT current_setting('transaction_timeout') AS setting",
    )
    execute(
        restored_database, f"ALTER DATABASE {restored_database.rpartition('/')[2]} SET transaction_timeout = '7min'"
    )

    copy(repair, empty_database, restored_database, "s", live_major=live_major)

    assert one(restored_database, "SELECT setting FROM s.said") == found
    ours, theirs = (schema_script(repair.programs, url, "s") for url in (restored_database, empty_database))
    assert difference(ours, theirs) == []


def test_a_schema_that_came_to_be_meanwhile_is_not_overwritten(
    repair: Repair, shop: str, restored_database: str
) -> None:
    execute(restored_database, "CREATE SCHEMA crm", "CREATE TABLE crm.mine (n int)")
    with pytest.raises(RestoreFailed, match=r'schema "crm" already exists.*Choose another name'):
        copy(repair, shop, restored_database, "crm")

    assert counted_rows(restored_database) == {("crm", "mine"): 0}


def test_a_live_server_that_is_not_there_is_said_without_its_password(repair: Repair, shop: str) -> None:
    with pytest.raises(DbopsError) as refused:
        repair.restore("postgresql://me:geheim@127.0.0.1:1/nowhere", "crm", "back")

    assert "geheim" not in str(refused.value)


def test_an_extension_that_says_it_cannot_be_moved_stays_where_it_is_as_well(empty_database: str) -> None:
    execute(
        empty_database,
        "CREATE SCHEMA s",
        "CREATE EXTENSION citext SCHEMA s",
        "CREATE TABLE s.t (c s.citext)",
        "UPDATE pg_extension SET extrelocatable = false WHERE extname = 'citext'",
    )

    rename_schema(DatabaseAddress.from_url(empty_database), "s", "new")

    assert one(empty_database, "SELECT c::s.citext IS NULL FROM new.t RIGHT JOIN (SELECT 1) one ON true") is True
