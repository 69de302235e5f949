"""The roles of docs/access.md need every statement of the page: without it a sentence says what is missing, in time."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbops.errors import DatabaseError, DbopsError, PreflightFailed, SwapFailed
from tests.restoring import Restoring
from tests.sql_roles import OWNER, PROBE, READ, WRITE, ManagedShop, Work, sql_statements

STATEMENTS = sql_statements("access.md")
LATER = "CREATE TABLE later (id serial PRIMARY KEY)"
COUNTED = PROBE.format(title="what came later", head="SELECT count(*) FROM later")
ADDED = PROBE.format(title="one more", head="-- writes: true\nINSERT INTO later DEFAULT VALUES RETURNING id")

Attempt = Callable[[Work], str]


def said(doing: Callable[[], object], kind: type[DbopsError]) -> str:
    with pytest.raises(kind) as refused:
        doing()
    assert refused.value.what, "it does not say what happened"
    assert refused.value.remedy, "it does not say what to do"
    return str(refused.value)


def backing_up(role: str, kind: type[DbopsError] = PreflightFailed) -> Attempt:
    return lambda work: said(lambda: work.back_up(role), kind)


def reading_health(work: Work) -> str:
    with psycopg.connect(work.shop.url_of("shop_prober")) as other:
        other.execute("SELECT 1")  # a transaction that stays open, and of which others are not told
        return "\n".join(f"{item.remedy} {item.sql}" for item in work.probe(largest=READ).record.health)


def probing_refused(work: Work) -> str:
    return said(lambda: work.probe("shop_prober", new=WRITE), DatabaseError)


def probing(work: Work) -> str:
    record = work.probe("shop_prober", largest=READ, new=WRITE).record
    assert record.left_out
    return "\n".join(record.notes)


def probing_later(work: Work) -> str:
    return "\n".join(work.probe("shop_prober", largest=READ, counted=COUNTED, added=ADDED).record.notes)


def migrating(work: Work) -> str:
    return said(work.plan_migration, DatabaseError)


# Those of the roles that restore are below: they need a restore.
NOTICED: dict[str, tuple[Attempt, str]] = {
    "GRANT CONNECT ON DATABASE shop TO dbops": (
        backing_up("dbops", DatabaseError),
        'permission denied for database "shop". GRANT CONNECT ON DATABASE',
    ),
    "GRANT pg_read_all_data TO dbops": (
        backing_up("dbops"),
        "may not read public.customers, public.customers_id_seq, public.orders, public.orders_id_seq: a backup would "
        "be incomplete. GRANT pg_read_all_data TO that role",
    ),
    "GRANT pg_monitor TO dbops": (reading_health, 'GRANT pg_monitor TO "dbops"'),
    "GRANT CONNECT ON DATABASE shop TO dbops_narrow": (
        backing_up("dbops_narrow", DatabaseError),
        'permission denied for database "shop". GRANT CONNECT ON DATABASE',
    ),
    "GRANT USAGE ON SCHEMA public TO dbops_narrow": (backing_up("dbops_narrow"), "may not read public.customers"),
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO dbops_narrow": (
        backing_up("dbops_narrow"),
        "may not read public.customers, public.orders:",
    ),
    "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO dbops_narrow": (
        backing_up("dbops_narrow"),
        "may not read public.customers_id_seq, public.orders_id_seq:",
    ),
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT ON TABLES TO dbops_narrow": (
        backing_up("dbops_narrow"),
        "may not read public.later:",
    ),
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT ON SEQUENCES TO dbops_narrow": (
        backing_up("dbops_narrow"),
        "may not read public.later_id_seq:",
    ),
    "GRANT CONNECT ON DATABASE shop TO shop_prober": (
        probing_refused,
        'permission denied for database "shop". GRANT CONNECT ON DATABASE',
    ),
    "GRANT USAGE ON SCHEMA public TO shop_prober": (probing, "permission denied for schema public"),
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_prober": (probing, "GRANT INSERT"),
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO shop_prober": (
        probing,
        "permission denied for sequence orders_id_seq",
    ),
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public "
    "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_prober": (
        probing_later,
        "permission denied for table later",
    ),
    f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE ON SEQUENCES TO shop_prober": (
        probing_later,
        "permission denied for sequence later_id_seq",
    ),
    f"GRANT {OWNER} TO dbops_migrate": (
        migrating,
        'permission denied for database "shop". GRANT CONNECT ON DATABASE ... to the role of the connection, or to one '
        "that it is a member of.",
    ),
}
RESTORES = [text for text in STATEMENTS if "dbops_restore" in text]
MEANS_NOTHING_LACKING = [text for text in STATEMENTS if text.startswith("CREATE ROLE") and "CREATEDB" not in text]
SHOWN_BY_WHAT_IS_MADE = f"ALTER ROLE dbops_migrate SET role = '{OWNER}'"


def test_every_statement_is_asked_what_it_is_for() -> None:
    assert {*NOTICED, *RESTORES, *MEANS_NOTHING_LACKING, SHOWN_BY_WHAT_IS_MADE} == set(STATEMENTS)


@pytest.mark.parametrize("statement", NOTICED)
def test_what_lacks_is_said_before_anything_is_made_of_it(work: Work, statement: str) -> None:
    attempt, words = NOTICED[statement]
    with work.shop.lacking(statement):
        if "DEFAULT PRIVILEGES" in statement:
            work.shop.administer(f"SET ROLE {OWNER}; {LATER}")
        try:
            assert words in attempt(work)
        finally:
            work.shop.administer(f"SET ROLE {OWNER}; DROP TABLE IF EXISTS later")
    assert not list(work.bucket.list(f"{work.target().root}backups/"))


def test_without_its_setting_what_a_migration_makes_is_not_the_owners(work: Work) -> None:
    with work.shop.lacking(SHOWN_BY_WHAT_IS_MADE), work.migrated() as owners:
        assert (owners["orders"], owners["notes"]) == (OWNER, "dbops_migrate")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (RESTORES[0], "The role dbops_restore may not create databases"),
        (RESTORES[1], "a member of its owner shop_owner"),
    ],
)
def test_a_swap_that_the_role_may_not_make_is_not_even_loaded(
    managed_restoring: Restoring, managed: ManagedShop, statement: str, words: str
) -> None:
    with managed.lacking(statement):
        assert words in "\n".join(managed_restoring.plan(mode="swap").blockers)
        with managed_restoring.refusing(PreflightFailed, words):
            managed_restoring.load()


def test_a_swap_waits_in_vain_for_sessions_that_the_role_may_not_end(
    managed_restoring: Restoring, managed: ManagedShop
) -> None:
    with managed.lacking(RESTORES[2]):
        managed_restoring.restored(mode="swap")
        refusing = managed_restoring.refusing(SwapFailed, "may not end the sessions of shop_prober (web)")
        with psycopg.connect(managed.url_of("shop_prober"), application_name="web"), refusing:
            managed_restoring.swap()
