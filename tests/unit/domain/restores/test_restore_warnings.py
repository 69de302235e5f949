"""Promise: what keeps nobody from restoring, and is to be known before, is in the plan, the weightiest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.archives.database_locale import DatabaseLocale
from dbops.domain.archives.selection import Selection
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.restores.extent import RestoreExtent
from dbops.domain.restores.live_facts import LiveDatabase
from dbops.domain.restores.request import RestoreMode, RestoreRequest
from dbops.domain.restores.taken_over import TakenOver
from dbops.domain.restores.warnings import restore_warnings, swap_without_owners
from dbops.domain.servers.database_settings import Setting
from tests.unit.restores import FREE, server
from tests.unit.samples import NOW

WHOLE = RestoreExtent(None, frozenset(), 2048)
PART = replace(WHOLE, selection=Selection(frozenset(), frozenset(), ("a view", "a rule")))
COMMENT = TocEntry(
    dump_id=1,
    kind="COMMENT",
    schema="",
    name="DATABASE shop",
    definition="COMMENT ON DATABASE shop IS 'orders';",
)
SUBSCRIPTION = TocEntry(dump_id=2, kind="SUBSCRIPTION", schema="", name="from_hq")


def warnings(
    mode: RestoreMode = "swap",
    *,
    extent: RestoreExtent = WHOLE,
    entries: tuple[TocEntry, ...] = (COMMENT,),
    restored: tuple[TocEntry, ...] = (),
    unreadable: str | None = None,
    **changed: Any,
) -> tuple[str, ...]:
    found = replace(FREE, request=RestoreRequest(mode=mode), entries=restored, **changed)
    return restore_warnings(found, extent, entries, unreadable)


def test_there_is_nothing_to_be_said_where_all_comes_back_as_it_was() -> None:
    assert warnings() == ()
    assert warnings("beside", live=None, owners=False) == ()


def test_what_is_taken_over_may_have_been_written_into() -> None:
    taken = TakenOver(run="a", loaded_by="a", planned=NOW, oid=1, verified=NOW, verify_seconds=1.0)
    found = replace(FREE, request=RestoreRequest(mode="swap", takes_over=taken))

    (warning,) = restore_warnings(found, WHOLE, (COMMENT,), None)

    assert warning.startswith("Since it was loaded, anyone who can connect to it could write to it.")
    assert "It does not by itself detect a changed value" in warning


def test_a_swap_into_the_place_of_no_database_says_what_the_name_had() -> None:
    (warning,) = warnings(live=None)
    assert warning.startswith("There is no database shop whose owner, comment, settings and grants could be kept")
    assert (
        ": the restored one will belong to admin, with a new database's defaults. Set what the application needs."
        in warning
    )
    assert warning.endswith(" When the backup was made, they were: COMMENT ON DATABASE shop IS 'orders';")

    later = replace(COMMENT, dump_id=9, definition="COMMENT ON DATABASE shop IS 'later';")
    (warning,) = warnings(live=None, entries=(COMMENT, later))
    assert warning.endswith("IS 'orders'; COMMENT ON DATABASE shop IS 'later';")

    (warning,) = warnings(live=None, entries=())
    assert warning.endswith("Set what the application needs.")


def test_a_swap_says_what_the_live_database_has_set_otherwise_than_the_backups_and_no_value() -> None:
    assert FREE.live is not None
    it: LiveDatabase = FREE.live
    then = "ALTER DATABASE shop SET \"TimeZone\" TO 'UTC';\nALTER DATABASE shop SET \"app.key\" TO 'old secret';"
    entries = (replace(COMMENT, kind="DATABASE PROPERTIES", name="shop", definition=then),)

    def live(*settings: Setting) -> LiveDatabase:
        return replace(it, settings=replace(it.settings, settings=settings))

    now = live(Setting("TimeZone", "UTC"), Setting("app.key", "new secret"), Setting("work_mem", "7MB"))
    (warning,) = warnings(live=now, entries=entries)
    assert warning.startswith("shop has set app.key otherwise than when the backup was made.")
    assert "secret" not in warning

    same = live(Setting("TimeZone", "UTC"), Setting("app.key", "old secret"))
    assert warnings(live=same, entries=entries) == ()
    assert warnings("beside", live=now, entries=entries) == ()


def test_a_swap_without_owners_says_whose_everything_becomes() -> None:
    (warning,) = warnings(owners=False)
    assert warning == (
        "restore.owners is false: in the swapped database everything belongs to the role admin, and nobody else is "
        "granted anything, so the application may be refused. Set restore.owners: true and start a new run, or "
        "set its owners and grants before you approve the swap."
    )
    assert swap_without_owners() == warning.replace("the role admin", "the role that restores")


def test_what_is_left_out_is_named_in_every_mode() -> None:
    for mode in ("beside", "swap", "into", "schema"):
        assert warnings(mode, extent=PART) == ("Left out: a view.", "Left out: a rule.")


def test_a_live_database_that_cannot_be_read_is_not_shown_in_silence() -> None:
    assert warnings("beside", unreadable="Disk broken.") == (
        "What is live now is not shown, because it cannot be read: Disk broken.",
    )


def test_a_database_that_sorts_otherwise() -> None:
    def said(locale: DatabaseLocale) -> tuple[str, ...]:
        return warnings("into", database="postgres", locale=locale)

    assert said(DatabaseLocale("UTF8", "C.utf8")) == ()
    (warning,) = said(DatabaseLocale("UTF8", "icu de"))
    assert warning == (
        "The database postgres sorts as icu de, and the backup's as C.UTF-8: results of sorting and comparing may "
        "differ there, and a constraint may refuse rows. If that matters, recreate it from template0 with that "
        "collation."
    )
    assert warnings("into", database="postgres", locale=DatabaseLocale("UTF8", "icu de"), made_with=None) == ()


def test_subscriptions_come_back_without_their_slot_unless_they_are_left_out() -> None:
    (warning,) = warnings(entries=(SUBSCRIPTION,))
    assert warning == (
        "The backup holds subscriptions: from_hq. They are restored disabled and without their slot, which belongs "
        "to the original. DROP SUBSCRIPTION before you drop the restored database; to use one, give it a slot of its "
        "own."
    )
    both = (SUBSCRIPTION, replace(SUBSCRIPTION, dump_id=3, name="to_hq"))
    assert "subscriptions: from_hq, to_hq. They" in warnings(entries=both)[0]
    assert warnings(entries=(SUBSCRIPTION,), extent=PART) == ("Left out: a view.", "Left out: a rule.")


@pytest.mark.parametrize("mode", ["beside", "into", "schema"])
def test_that_the_backup_is_of_another_database_is_told_where_nothing_is_replaced(mode: RestoreMode) -> None:
    assert warnings(mode, live_name="crm") == (
        "The backup is of the database shop, and the target's connection leads to crm: if nobody has renamed it, "
        "find out where that connection leads before you use what is restored.",
    )


def test_that_the_backup_is_of_another_database_is_told_of_a_swap_that_replaces_nothing() -> None:
    other, gone = warnings(live_name="crm", live=None)
    assert other.startswith("The backup is of the database shop, and the target's connection leads to crm")
    assert gone.startswith("There is no database crm whose owner")
    assert warnings(live_name="crm") == ()  # what is in the way is said once


def test_the_weightiest_comes_first() -> None:
    said = warnings(
        live=None,
        owners=False,
        extent=replace(PART, selection=Selection(frozenset({2}), frozenset(), ("a view",))),
        entries=(SUBSCRIPTION,),
        unreadable="Disk broken.",
        locale=DatabaseLocale("UTF8", "icu de"),
    )
    assert [warning.partition(" ")[0] for warning in said] == [
        "There",
        "restore.owners",
        "What",
        "Left",
        "The",
        "The",
    ]
    assert "sorts as" in said[4]
    assert "subscriptions" in said[5]


def test_functions_of_the_backup_that_a_superuser_would_run_are_told_in_every_mode() -> None:
    function, table = (TocEntry(dump_id=3, kind=kind, schema="public", name="a") for kind in ("FUNCTION", "TABLE"))
    aggregate = replace(function, kind="AGGREGATE")
    assert "has 2 functions of its own" in warnings(restored=(function, table, aggregate))[0]
    assert warnings(restored=(table,)) == ()
    for mode in ("beside", "swap", "into", "schema"):
        (warning,) = warnings(mode, restored=(function,))
        assert warning == (
            "The role admin is a superuser, and the backup has 1 function of its own. If a constraint, an index or a "
            "view calls one, the restore runs it on this server as that superuser, whoever wrote it. Under "
            "restore.connection name a role that is not a superuser, unless you trust everybody who can create "
            "functions there, and everybody who can write to the bucket."
        )
        assert warnings(mode, restored=(function,), server=server(is_superuser=False)) == ()
