"""Promise: everything that stands in the way of a restore is said before it begins, with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.archives.database_locale import DatabaseLocale
from dbops.domain.restores.blockers import restore_blockers
from dbops.domain.restores.request import RestoreMode, RestoreRequest
from tests.unit.restores import BEFORE, FREE, RESTORED, live, server


def blockers(mode: RestoreMode = "swap", **changed: Any) -> str:
    found = restore_blockers(replace(FREE, request=RestoreRequest(mode=mode), **changed))
    assert len(found) <= 1
    return "".join(found)


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_nothing_is_in_the_way_where_nothing_is_wrong(mode: RestoreMode) -> None:
    assert blockers(mode) == ""
    assert blockers(mode, live=None) == ""
    assert blockers(mode, free_bytes=None) == ""


def test_an_older_server() -> None:
    assert "PostgreSQL 16.9, older than the 17.4" in blockers(server=server(version="16.9"))
    assert blockers(server=server(version="18beta1")) == ""


@pytest.mark.parametrize("mode", ["beside", "swap", "into", "schema"])
def test_a_replica(mode: RestoreMode) -> None:
    said = restore_blockers(replace(FREE, request=RestoreRequest(mode=mode), server=server(is_replica=True)))
    assert said[0] == "The server is a replica, which accepts no writes: name its primary under restore.connection."


def test_a_missing_extension_is_named() -> None:
    assert "lacks extensions that the backup needs: age, postgis." in blockers(extensions=["postgis", "age", "plpgsql"])


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_a_role_that_may_not_create_databases(mode: RestoreMode) -> None:
    said = blockers(mode, server=server(may_create_databases=False))

    assert 'The role admin may not create databases: ALTER ROLE "admin" CREATEDB, name another' in said
    assert "restore.connection" in said


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_a_role_that_may_make_nothing_where_the_live_database_lies(mode: RestoreMode) -> None:
    elsewhere = live(tablespace="fast", may_lie_beside=False)

    assert blockers(mode, live=elsewhere) == (
        "The role admin may not create anything in the tablespace fast, which holds the live database: "
        'GRANT CREATE ON TABLESPACE "fast" TO "admin".'
    )
    assert blockers(mode, live=elsewhere, is_ours=True) == "", "it is made already"
    assert blockers("schema", live=elsewhere) == ""


def test_a_role_that_may_not_rename_what_is_taken_over() -> None:
    said = blockers(foreign_owner="ann", is_ours=True)

    assert f"The role admin may not rename {RESTORED}: it must be a member of its owner ann, with CREATEDB" in said
    assert "There is no database" not in said
    assert f"may not rename {RESTORED}" in blockers(foreign_owner="ann", is_ours=True, live=None)


def test_a_name_that_is_taken_unless_this_run_has_taken_it() -> None:
    taken = server(databases=frozenset({"shop", RESTORED}))

    assert f"There is a database {RESTORED} already" in blockers("beside", server=taken)
    assert blockers("beside", server=taken, is_ours=True) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"database": "shop"}, "shop is the live database: a restore never goes into it."),
        ({"database": "gone"}, "There is no database gone on the server: create it, empty"),
        ({"database": "template1"}, "The database template1 is a template: every database created from it"),
        (
            {"database": "postgres", "server": server(templates=frozenset({"postgres"}))},
            "The database postgres is a template",
        ),
        (
            {"database": "postgres", "in_the_way": ("table a", "type b")},
            "is not empty: among others it has table a, type b",
        ),
        ({"database": "postgres", "in_the_way": None}, "may not read the database postgres"),
        ({"database": "postgres"}, ""),
        ({"database": "postgres", "server": server(may_create_databases=False)}, ""),
    ],
)
def test_a_restore_goes_into_an_empty_database_only(changed: dict[str, Any], said: str) -> None:
    assert said in blockers("into", **changed)
    assert bool(said) == bool(blockers("into", **changed))


def test_an_empty_database_of_another_encoding() -> None:
    def said(locale: DatabaseLocale) -> str:
        return blockers("into", database="postgres", locale=locale)

    assert said(DatabaseLocale("UTF8", "C.utf8")) == ""
    assert said(DatabaseLocale("UTF8", "icu de")) == ""
    blocker = said(DatabaseLocale("SQL_ASCII", "C.utf8"))
    assert "has the encoding SQL_ASCII, and the backup UTF8" in blocker
    assert blocker.endswith("from template0 with ENCODING 'UTF8' and the collation C.UTF-8.")


def test_a_schema_needs_the_live_database_into_which_it_comes() -> None:
    assert blockers("schema") == ""
    assert blockers("schema", live=None) == "There is no database shop, so no schema can be restored into it."


@pytest.mark.parametrize(
    ("mode", "changed", "remedy"),
    [
        ("swap", {"server": server(version="16.9")}, "that the backup was made on: restore onto one that is as new."),
        ("swap", {"extensions": ["age"]}, "Install them there first."),
        ("beside", {"server": server(may_create_databases=False)}, "into an empty database, or into a schema."),
        ("into", {"database": "gone"}, "create it, empty, and start a new run."),
        ("into", {"database": "postgres", "in_the_way": ("table a",)}, "it has table a. Name an empty one."),
        ("swap", {"live": live(may_rename=False)}, "name such a role under restore.connection."),
        ("swap", {"free_bytes": 0}, "drop what is not needed, or enlarge the disk."),
    ],
)
def test_each_says_in_its_end_what_to_do(mode: RestoreMode, changed: dict[str, Any], remedy: str) -> None:
    assert blockers(mode, **changed).endswith(remedy)


def test_the_name_for_the_old_database_is_taken() -> None:
    taken = server(databases=frozenset({"shop", BEFORE}))

    assert f"There is a database {BEFORE} already" in blockers(server=taken)
    assert blockers("beside", server=taken) == ""


def test_a_role_that_may_not_rename_the_live_database() -> None:
    said = blockers(live=live(may_rename=False))

    assert "The role admin may not rename shop" in said
    assert "its owner app, with CREATEDB" in said
    assert blockers("beside", live=live(may_rename=False)) == ""


@pytest.mark.parametrize(
    ("fact", "words", "remedy"),
    [
        ("slots", "logical replication slots, which would stay with the old database", "drop the slot, swap"),
        ("subscriptions", "subscriptions, which would stay with the old database", "DROP SUBSCRIPTION, swap"),
        ("prepared", "prepared transactions, which keep it from being renamed", "COMMIT PREPARED or ROLLBACK PREPARED"),
    ],
)
def test_what_a_swap_would_break_is_named_with_the_next_step(fact: str, words: str, remedy: str) -> None:
    found = live(**{fact: ("one", "{two}")})

    said = blockers(live=found)
    assert f"The live database has {words}" in said
    assert ": one, {two}. " in said
    assert remedy in said
    assert blockers("beside", live=found) == ""


def test_a_swap_by_a_backup_of_another_database_is_refused_with_both_names() -> None:
    said = blockers(live_name="crm", before="crm__before_20261122_120000")

    assert said.startswith("The backup is of the database shop, and the target's connection leads to crm")
    assert "which a swap would replace" in said
    assert said.endswith("restore beside, and rename by hand.")


@pytest.mark.parametrize(
    ("mode", "changed"),
    [
        ("beside", {}),
        ("schema", {}),
        ("into", {"database": "postgres"}),
        ("swap", {"live": None}),  # nothing is replaced, so that it is enough to say it
    ],
)
def test_a_restore_that_replaces_nothing_may_be_of_another_database(mode: RestoreMode, changed: dict[str, Any]) -> None:
    assert blockers(mode, live_name="crm", **changed) == ""


def test_too_little_disk_is_said_with_both_numbers() -> None:
    said = blockers(free_bytes=2047)

    assert "has about 2.0 KiB of its restore.disk_size free, and the restore needs 2.0 KiB" in said


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = replace(
        FREE, server=server(version="15.1", may_create_databases=False), live=live(slots=("s",)), free_bytes=0
    )

    assert len(restore_blockers(wrong)) == 4
