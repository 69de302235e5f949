"""Who is woken for a migration reads what is executed, which rows go, who waits, and the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dbops.domain.ledger.table import LedgerState
from tests.unit.migration_plans import BUILD, INIT, LOCK, NOTE, REMARK, item, plan

_BACKUP = item("backup", "ok", "The newest good backup is 20261122T020000Z, 10h old.")


def stake(**changed: Any) -> dict[str, str]:
    return dict(plan(**changed).stake)


def test_it_is_all_that_decides() -> None:
    assert plan(checklist=(item(), _BACKUP)).stake == (
        ("Executed", "2 migrations with 2 statements: 1_note, 2_index"),
        ("Only marked", "0_init, as applied: nothing of it is executed"),
        ("Rows lost", "by no DROP, TRUNCATE or DELETE, as far as the statements tell"),
        ("Locks", "reads and writes of public.Order (3.0 GiB) wait"),
        ("Written anew", "no table"),
        ("Backup", "The newest good backup is 20261122T020000Z, 10h old. A fresh one is made first."),
        ("To go back", "only by a restore of the fresh backup, of 2_index (it has no down.sql)"),
    )


def test_a_baseline_alone_executes_nothing_so_that_nothing_is_to_be_feared() -> None:
    assert stake(migrations=(INIT,)) == {
        "Executed": "nothing",
        "Only marked": "0_init, as applied: nothing of it is executed",
    }


def test_where_there_is_nothing_to_do_there_is_nothing_to_say() -> None:
    assert plan(migrations=(), ledger=LedgerState(exists=True), rows=()).stake == ()


def test_all_that_takes_rows_away_is_named_with_its_line() -> None:
    losing = replace(
        NOTE,
        sql='DELETE FROM "Order";\nSELECT 1;\nTRUNCATE a CASCADE;\nALTER TABLE a DROP b;\n',
        lint=(
            REMARK,
            replace(REMARK, rule="ban-drop-column", line=4),
            replace(REMARK, rule="ban-truncate-cascade", line=3),
        ),
    )

    told = "by 1_note, line 1 (DELETE), 1_note, line 3 (TRUNCATE), 1_note, line 4 (drop column), as far as"
    assert stake(migrations=(losing,))["Rows lost"].startswith(told)


def test_a_table_waits_once_by_its_strongest_lock_and_the_largest_is_named_first() -> None:
    small = replace(LOCK, table=("public", "small"), bytes=1024)
    written = replace(LOCK, table=("crm", "Invoice"), mode="ShareLock", bytes=5 * 1024**3)
    weak = replace(LOCK, table=("crm", "read"), mode="ShareUpdateExclusiveLock")
    locks = (replace(LOCK, mode="ShareLock"), LOCK, LOCK, small, written, weak)

    told = stake(migrations=(replace(NOTE, locks=locks),))["Locks"]

    assert told == (
        "reads and writes of public.Order (3.0 GiB), public.small (1.0 KiB) wait; writes to crm.Invoice (5.0 GiB) wait"
    )
    assert stake(migrations=(replace(NOTE, locks=(weak,)),))["Locks"] == "no table's reads or writes wait"


def test_what_is_written_anew_is_named_with_its_size() -> None:
    anew = replace(LOCK, rewrites=True)

    assert stake(migrations=(replace(NOTE, locks=(anew,)), BUILD))["Written anew"] == "public.Order (3.0 GiB)"
    assert ", **writes it anew** |" in plan(migrations=(replace(NOTE, locks=(anew,)),)).markdown()


def test_where_all_can_be_taken_back_that_is_said() -> None:
    assert stake(migrations=(NOTE,))["To go back"] == (
        "what fails is taken back, as tried; later only by hand (down.sql), or by a restore of the fresh backup"
    )
