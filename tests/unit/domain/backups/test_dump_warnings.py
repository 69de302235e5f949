"""Promises of what pg_dump says though all went well: it is kept once and without a row, and is news once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.backups.dump_warnings import (
    NOT_REPEATED,
    dump_warnings,
    read_dump_warnings,
    restored_dump_warnings,
)
from tests.unit.samples import DAY, NOW, manifest

MISMATCH = """WARNING:  database "b" has a collation version mismatch
DETAIL:  The database was created using collation version 0, but the operating system provides version 1.
HINT:  Rebuild all objects in this database that use the default collation.
"""
LOOP = """pg_dump: warning: could not resolve dependency loop among these items:
pg_dump: detail:   FUNCTION fb  (ID 219 OID 16411)
pg_dump: detail:   FUNCTION fa  (ID 231 OID 16410)
"""
CIRCLE = """pg_dump: warning: there are circular foreign-key constraints on this table:
pg_dump: detail: staff
pg_dump: hint: You might not be able to restore the dump without using --disable-triggers.
"""
TOLD_LOOP = "could not resolve dependency loop among these items: FUNCTION fa, FUNCTION fb"
TOLD_MISMATCH = 'database "b" has a collation version mismatch'


def backup(days_ago: int, *said: str) -> BackupManifest:
    return replace(manifest(NOW - days_ago * DAY), pg_dump_warnings=said)


def test_each_warning_is_told_once_with_what_it_names_and_without_the_numbers_of_this_dump() -> None:
    said = read_dump_warnings(MISMATCH + LOOP + CIRCLE + 3 * MISMATCH, MISMATCH)

    assert said == (
        TOLD_MISMATCH,
        TOLD_LOOP,
        "there are circular foreign-key constraints on this table: staff",
    )


def test_in_whichever_order_a_loop_is_told_it_is_the_same() -> None:
    other = LOOP.replace("fb", "fx").replace("fa", "fb").replace("fx", "fa").replace("231", "240")

    assert read_dump_warnings(other) == read_dump_warnings(LOOP)


def test_pg_dumpall_is_heard_too() -> None:
    assert read_dump_warnings("", "pg_dumpall: warning: found orphaned pg_auth_members entry for role 7\n") == (
        "found orphaned pg_auth_members entry for role 7",
    )


@pytest.mark.parametrize(
    "stderr",
    [
        "NOTICE:  welcome, secret\n",
        "WARNING:  the last order was\nof secret\nDETAIL:  secret\nCONTEXT:  PL/pgSQL function secret()\n",
        "WARNUNG:  secret\n",
        "connecting to postgresql://me:secret@db/shop\n",
        "pg_dump: error: query failed: ERROR:  secret\n",
    ],
)
def test_what_may_hold_anything_is_not_repeated(stderr: str) -> None:
    assert read_dump_warnings(stderr, stderr) == (NOT_REPEATED,)


def test_what_the_manifest_says_elsewhere_is_not_kept() -> None:
    assert (
        read_dump_warnings("pg_dump: warning: subscriptions not dumped because current user is not a superuser\n") == ()
    )


def test_nothing_is_said_of_silence() -> None:
    assert read_dump_warnings("", "\n") == ()


def test_ten_are_kept_and_the_others_counted() -> None:
    said = read_dump_warnings("".join(f"pg_dump: warning: number {number}\n" for number in range(14)))

    assert said == (*(f"number {number}" for number in range(10)), "4 other warnings")
    eleven = read_dump_warnings("".join(f"pg_dump: warning: number {number}\n" for number in range(11)))
    assert eleven[10:] == ("1 other warning",)


def test_a_long_one_is_cut() -> None:
    (said,) = read_dump_warnings(f"{LOOP}pg_dump: detail:   {999 * 'x'}\n")

    assert said.startswith("could not resolve dependency loop")
    assert said.endswith("x...")
    assert len(said) == 300


def test_what_nobody_can_see_is_written_out() -> None:
    assert read_dump_warnings("pg_dump: warning: table \x1b[31m\n") == ("table \\x1b[31m",)


def test_a_warning_is_news_to_the_first_backup_that_has_it_and_a_note_of_the_next() -> None:
    first, second = backup(1, TOLD_LOOP), backup(0, TOLD_LOOP)

    warnings, notes = dump_warnings(first, [backup(2)])
    assert warnings == (
        f"pg_dump warned, but succeeded: {TOLD_LOOP}. Find out with a drill whether this backup can be restored: "
        "`python -m dbops drill shop`. This is reported once; the next backups only note it.",
    )
    assert notes == ()
    assert dump_warnings(second, [first, backup(2)]) == (
        (),
        (f"pg_dump said, as in the backup before: {TOLD_LOOP}.",),
    )


def test_one_that_comes_back_is_news_again_and_so_is_the_first_of_all() -> None:
    assert dump_warnings(backup(0, TOLD_LOOP), [backup(1), backup(2, TOLD_LOOP)])[0]
    assert dump_warnings(backup(0, TOLD_LOOP), [])[0]


@pytest.mark.parametrize("said", [TOLD_MISMATCH, NOT_REPEATED])
def test_what_does_no_harm_is_never_news(said: str) -> None:
    warnings, (note,) = dump_warnings(backup(0, said), [])

    assert warnings == ()
    assert note.startswith(f"pg_dump said: {said} (")


def test_whoever_restores_such_a_backup_is_told_what_may_do_harm() -> None:
    assert restored_dump_warnings([TOLD_MISMATCH, TOLD_LOOP, NOT_REPEATED]) == (
        f"When the backup was made, pg_dump warned: {TOLD_LOOP}.",
    )


def test_of_older_backups_the_newest_counts_and_a_newer_one_never() -> None:
    older = [backup(1, TOLD_LOOP), backup(3), backup(2)]
    assert dump_warnings(backup(0, TOLD_LOOP), older)[0] == ()
    assert dump_warnings(backup(2, TOLD_LOOP), [backup(1, TOLD_LOOP), backup(2, TOLD_LOOP), backup(3)])[0]


def test_only_a_backup_whose_warnings_are_the_same_says_as_in_the_backup_before() -> None:
    _, (harmless,) = dump_warnings(backup(0, TOLD_MISMATCH), [backup(1, TOLD_MISMATCH)])
    assert "as in the backup before" not in harmless
    assert harmless.endswith("(the rows are in the backup as they are; the checks tell of the indexes).")


def test_details_belong_to_the_warning_above_them() -> None:
    said = read_dump_warnings(f"pg_dump: detail: of nothing\n{CIRCLE}pg_dump: warning: second\npg_dump: detail: b\n")
    assert said == ("there are circular foreign-key constraints on this table: staff", "second b")


@pytest.mark.parametrize("length", [300, 301])
def test_a_warning_of_three_hundred_characters_is_whole(length: int) -> None:
    (said,) = read_dump_warnings(f"pg_dump: warning: {length * 'x'}\n")
    assert (len(said), said.endswith("...")) == (300, length > 300)
    assert len(read_dump_warnings("".join(f"pg_dump: warning: {number}\n" for number in range(10)))) == 10
