"""Promise: what the restoring role cannot bring is said by name in the plan, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.restores.role_blockers import role_blockers
from tests.unit.restores import server

ORDINARY: dict[str, Any] = {"role": "admin", "is_superuser": False, "bypasses_rls": False}


def entry(kind: str, name: str = "t", definition: str = "", **said: str) -> TocEntry:
    return TocEntry(dump_id=1, kind=kind, schema=said.get("schema", "public"), name=name, definition=definition,
                    owner=said.get("owner", ""))  # fmt: skip


def said(*entries: TocEntry, owners: bool = True, **role: Any) -> str:
    found = role_blockers(entries, server(**{**ORDINARY, **role}), owners=owners)
    assert len(found) <= 1, found
    return "".join(found)


GRANT = entry("ACL", "TABLE t", 'GRANT SELECT ON TABLE public.t TO "Gone ""x""" WITH GRANT OPTION;\n', owner="app")
DEFAULT = entry(
    "DEFAULT ACL", "x", "ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO gone;\n",
    owner="app",
)  # fmt: skip
POLICY = entry("POLICY", "t mine", 'CREATE POLICY "mine TO" ON public.t FOR SELECT TO app, gone USING (true);\n')
MAPPING = entry("USER MAPPING", "x", "CREATE USER MAPPING FOR gone SERVER far;\n")
SESSION = entry(
    "ACL", "TABLE t",
    "SET SESSION AUTHORIZATION app;\nGRANT SELECT ON TABLE public.t TO admin;\nRESET SESSION AUTHORIZATION;\n",
)  # fmt: skip
FORCED = (
    entry("TABLE", definition="CREATE TABLE public.t ();\n\nALTER TABLE ONLY public.t FORCE ROW LEVEL SECURITY;\n"),
    entry("ROW SECURITY", definition="ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;\n"),
)


@pytest.mark.parametrize(
    ("held", "name"),
    [
        (GRANT, 'Gone "x"'),
        (DEFAULT, "gone"),
        (POLICY, "gone"),
        (MAPPING, "gone"),
        (entry("TABLE", owner="gone"), "gone"),
    ],
)
def test_a_role_that_the_server_lacks_is_named(held: TocEntry, name: str) -> None:
    for is_superuser in (True, False):
        found = said(held, is_superuser=is_superuser)
        assert found.startswith(f"The server lacks roles that the backup needs: {name}. Create them first")


def test_without_owners_only_policies_and_mappings_need_their_roles() -> None:
    assert said(GRANT, DEFAULT, entry("TABLE", owner="gone"), owners=False) == ""
    assert "gone" in said(POLICY, owners=False)
    assert "gone" in said(MAPPING, owners=False)
    assert said(GRANT).endswith("has them), or set restore.owners: false, which leaves owners and grants out.")
    assert said(POLICY).endswith("Create them first (the backup's globals.sql has them).")


def test_what_belongs_to_the_databases_name_is_not_asked_for() -> None:
    of_the_name = (
        entry("DATABASE", "shop", owner="gone"),
        entry("DATABASE PROPERTIES", "shop", owner="gone"),
        entry("ACL", "DATABASE shop", "GRANT CONNECT ON DATABASE shop TO gone;\n", owner="gone"),
    )
    assert said(*of_the_name) == ""
    assert said(entry("SCHEMA", "public", owner="pg_database_owner"), entry("INDEX", owner="gone")) == ""
    assert said(entry("ACL", "SCHEMA public", "GRANT USAGE ON SCHEMA public TO PUBLIC;\n", owner="postgres")) == ""


def test_owners_that_our_role_may_not_give_to() -> None:
    assert said(entry("TABLE", owner="app")) == ""
    assert "The role admin is not a member of roles that own what the backup holds: postgres." in said(
        entry("VIEW", owner="postgres")
    )
    assert said(entry("VIEW", owner="postgres"), owners=False) == ""
    assert said(entry("VIEW", owner="postgres"), is_superuser=True) == ""


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (entry("EVENT TRIGGER", "watched"), "holds event triggers, which only a superuser may restore"),
        (
            entry("PUBLICATION", "watched", "CREATE PUBLICATION watched FOR ALL TABLES WITH (publish = 'insert');\n"),
            "holds publications of all tables or of schemas",
        ),
        (entry("PUBLICATION TABLES IN SCHEMA", "watched"), "holds publications of all tables or of schemas"),
        (entry("SUBSCRIPTION", "watched"), "holds subscriptions"),
    ],
)
def test_what_only_a_superuser_may_restore(held: TocEntry, words: str) -> None:
    assert words in said(held)
    assert "admin is not one: watched. Name a superuser under restore.connection" in said(held)
    assert said(held, is_superuser=True) == ""
    nearly = frozenset({"admin", "rds_superuser"})
    assert said(held, memberships=nearly) == ""


def test_what_an_ordinary_role_may_restore() -> None:
    assert said(entry("PUBLICATION", "p", "CREATE PUBLICATION p WITH (publish = 'insert');\n", owner="app")) == ""
    may = frozenset({"admin", "pg_create_subscription"})
    assert said(entry("SUBSCRIPTION", "s"), memberships=may) == ""


def test_a_grant_by_another_than_the_owner() -> None:
    told = said(SESSION)
    assert "holds grants by roles that are not the owner, which only" in told
    assert told.endswith("restore chosen schemas beside, or set restore.owners: false, which leaves grants out.")
    assert said(entry("EVENT TRIGGER", "watched")).endswith("restore chosen schemas beside.")
    assert said(entry("ACL", "TABLE t", "SET SESSION AUTHORIZATION DEFAULT;\n")) == ""
    assert said(SESSION, role="app") == ""
    assert said(SESSION, owners=False) == ""


def test_rows_that_row_level_security_would_hide_from_the_proof() -> None:
    assert "hides rows of the restored tables from admin, so nothing could be proven: public.t." in said(*FORCED)
    assert said(*FORCED, bypasses_rls=True) == ""
    assert said(*FORCED, is_superuser=True) == ""
    assert said(FORCED[0]) == ""
    assert said(FORCED[1]) == ""
    assert said(entry("TABLE", definition="CREATE TABLE public.t ();\n"), FORCED[1]) == ""


def test_of_many_names_a_few_are_told() -> None:
    assert ": g0, g1, g2, g3, g4 and 3 more." in said(*(entry("TABLE", owner=f"g{n}") for n in range(8)))
