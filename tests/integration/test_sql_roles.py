"""The roles of docs/access.md suffice, by its statements word for word, and none of them may do more than it must.

The database is one of a managed server: its administrator is no superuser, and PUBLIC has no rights.
"""

from __future__ import annotations

import re

import psycopg
import pytest

from dbops.domain.report import Verdict
from dbops.errors import PreflightFailed
from tests.backups import counted_rows
from tests.restoring import Restoring
from tests.sql_roles import DATABASE, OWNER, READ, WRITE, ManagedShop, Work, role_of, sql_statements

STATEMENTS = sql_statements("access.md")


def test_no_role_of_the_page_is_a_superuser_and_only_the_one_that_restores_may_create_databases(
    managed: ManagedShop,
) -> None:
    with psycopg.connect(managed.url) as connection:
        powers = connection.execute(
            """SELECT rolname, rolsuper, rolcreaterole, rolreplication, rolbypassrls, rolcreatedb FROM pg_roles
               WHERE rolname = ANY (%s) OR rolname = 'shop_administrator'""",
            [sorted({role_of(statement) for statement in STATEMENTS})],
        ).fetchall()
    assert not [name for name, superuser, *_ in powers if superuser], "not even the administrator"
    own = {name: rest for name, _, *rest in powers if name != "shop_administrator"}
    assert own == {
        name: [False, False, False, name == "dbops_restore"]
        for name in ("dbops", "dbops_narrow", "shop_prober", "dbops_restore", "dbops_migrate")
    }


@pytest.mark.parametrize("page", ["add-a-database.md", "checks.md", "probes.md", "restore.md"])
def test_other_pages_have_no_other_statements(page: str) -> None:
    of_roles = {text for text in sql_statements(page) if re.match("CREATE ROLE|GRANT|ALTER DEFAULT", text)}
    assert of_roles
    narrow = {text.replace("dbops_narrow", "dbops") for text in STATEMENTS}
    assert of_roles <= {*STATEMENTS, *narrow}


def test_the_reading_role_backs_up_checks_probes_and_reads_the_schema(work: Work) -> None:
    assert work.back_up() == 400
    work.write_rules()
    assert work.check().verdict is Verdict.OK
    report = work.probe(largest=READ)
    assert [one.error for one in report.record.results] == [""]
    assert not [item for item in report.record.health if "GRANT pg_monitor" in (item.sql or "")]


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO orders (customer, total) VALUES (1, 1)", "DROP TABLE orders", "CREATE TABLE mine (id int)"],
)
@pytest.mark.parametrize("role", ["dbops", "dbops_narrow"])
def test_a_reading_role_can_change_nothing(managed: ManagedShop, role: str, statement: str) -> None:
    with psycopg.connect(managed.url_of(role)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_narrow_role_backs_up_what_the_provider_does_not_close_and_checks_it(work: Work) -> None:
    with work.shop.closed_schema() as closed:
        with pytest.raises(PreflightFailed, match=rf"may not read {closed}\.billing") as refused:
            work.back_up("dbops_narrow")
        assert "exclude" in refused.value.remedy
        assert work.back_up("dbops_narrow", exclude_schemas=[closed]) == 400
        work.write_rules("dbops_narrow")
        assert work.check("dbops_narrow").verdict is Verdict.OK


def test_the_narrow_role_reads_what_comes_later(work: Work) -> None:
    work.shop.administer(f"SET ROLE {OWNER}; CREATE TABLE later (id serial PRIMARY KEY)")
    try:
        assert work.back_up("dbops_narrow") == 400
    finally:
        work.shop.administer(f"SET ROLE {OWNER}; DROP TABLE later")


def test_the_probing_role_executes_what_writes_and_leaves_no_trace(work: Work) -> None:
    before = counted_rows(work.shop.url)
    report = work.probe("shop_prober", largest=READ, new=WRITE)
    assert [(one.probe, one.error) for one in report.record.results] == [("largest", ""), ("new", "")]
    assert report.record.notes == ()
    assert counted_rows(work.shop.url) == before


def test_the_restoring_role_restores_and_swaps(managed_restoring: Restoring) -> None:
    managed_restoring.restored(mode="swap")
    managed_restoring.swap()
    managed_restoring.post_check()
    assert managed_restoring.report().verdict is Verdict.OK
    assert managed_restoring.ask(
        "SELECT count(*), min(tableowner) FROM pg_tables, orders WHERE tablename = 'orders'"
    ) == [(200, OWNER)]
    [before] = managed_restoring.databases() - {DATABASE}
    with psycopg.connect(managed_restoring.url_of("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE shop WITH (FORCE)")
        connection.execute(f'ALTER DATABASE "{before}" RENAME TO shop'.encode())


def test_without_createdb_a_restore_goes_into_an_empty_database(
    managed_restoring: Restoring, managed: ManagedShop
) -> None:
    createdb = next(text for text in STATEMENTS if text.endswith(" CREATEDB"))
    with psycopg.connect(managed_restoring.url_of("postgres"), autocommit=True) as console:
        console.execute(f"CREATE DATABASE shop__empty OWNER {OWNER}".encode())
    with managed.lacking(createdb):
        managed_restoring.restored(mode="into", into="shop__empty")
        assert managed_restoring.report().verdict is Verdict.OK
    assert managed_restoring.ask("SELECT count(*) FROM orders", "shop__empty") == [(200,)]


def test_the_migrating_role_migrates_and_what_it_makes_is_the_owners(work: Work) -> None:
    with work.migrated() as owners:
        assert owners == dict.fromkeys(("customers", "orders", "notes", "_prisma_migrations"), OWNER)
