"""Promise: a migration's plan has the digest of what decides, and its document says what who decides must know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.ledger.table import LedgerState
from dbops.domain.migrations.plan import MigrationPlan
from dbops.domain.migrations.planned import LintFinding, PlannedMigration
from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.schema.object_differences import Difference
from tests.unit.migration_plans import BUILD, INIT, LOCK, NOTE, REMARK, item, plan, row
from tests.unit.samples import NOW

APPLIED = (row("0_init"),)
DECIDES: dict[str, dict[str, Any]] = {
    "target": {"target": "other"},
    "database": {"database": "other"},
    "oid": {"oid": 112},
    "live schema": {"fingerprint": "g" * 64},
    "an empty ledger is not none": {"rows": ()},
    "a ledger's row": {"rows": APPLIED},
    "where the ledger is": {"ledger_table": ("app", "_prisma_migrations")},
    "a folder more": {"folder": (*plan().folder, ("3_more", "3" * 64))},
    "another text in the folder": {"folder": (("0_init", "9" * 64), *plan().folder[1:])},
    "fewer migrations": {"migrations": (INIT, NOTE)},
    "their order": {"migrations": (INIT, BUILD, NOTE)},
    "which are marked": {"migrations": (INIT, replace(NOTE, marked=True), BUILD)},
    "which are alone": {"migrations": (INIT, NOTE, replace(BUILD, concurrently=False))},
    "their texts": {"migrations": (INIT, replace(NOTE, sql="SELECT 1"), BUILD)},
    "their checksums": {"migrations": (INIT, replace(NOTE, checksum="9" * 64), BUILD)},
    "what takes them back": {"migrations": (INIT, replace(NOTE, down="SELECT 1"), BUILD)},
    "how long a lock is waited for": {"options": MigrationOptions(lock_timeout=timedelta(seconds=3))},
    "how often it is tried": {"options": MigrationOptions(tries=3)},
    "how long a statement may last": {"options": MigrationOptions(statement_timeout=timedelta(hours=3))},
    "how long a build may last": {"options": MigrationOptions(concurrent_timeout=timedelta(hours=3))},
}
CHANGES_BY_THE_MINUTE: dict[str, dict[str, Any]] = {
    "the server's minor version": {"server_version": "17.11"},
    "run": {"run": "manual__2"},
    "who asked": {"requested_by": None},
    "planned": {"planned": NOW + timedelta(hours=1)},
    "what the ledger and the folder come to, which follows": {"ledger": LedgerState(exists=False)},
    "the proof, which follows": {"proof": (Difference("missing_index", "public.a", "it is gone"),)},
    "the drift, which follows": {"drift": (Difference("missing_index", "public.a", "it is gone"),)},
    "checklist": {"checklist": (item(status="blocker"),)},
    "how old a backup may be": {"options": MigrationOptions(max_backup_age=timedelta(days=3))},
    "another environment": {"options": MigrationOptions(compare_with="staging")},
    "sizes": {"migrations": (INIT, replace(NOTE, locks=(replace(LOCK, bytes=1, rows=2),)), BUILD)},
    "remarks": {"migrations": (INIT, replace(NOTE, lint=()), BUILD)},
    "whether it could be taken back": {"migrations": (INIT, replace(NOTE, reversible=False, why_not="No."), BUILD)},
}


@pytest.mark.parametrize("changed", DECIDES.values(), ids=DECIDES)
def test_whatever_decides_changes_the_digest(changed: dict[str, Any]) -> None:
    assert plan(**changed).digest != plan().digest


@pytest.mark.parametrize("changed", CHANGES_BY_THE_MINUTE.values(), ids=CHANGES_BY_THE_MINUTE)
def test_what_changes_by_the_minute_does_not(changed: dict[str, Any]) -> None:
    assert plan(**changed).digest == plan().digest


def test_every_field_of_a_plan_decides_or_changes_by_the_minute() -> None:
    tried = {field for changed in (*DECIDES.values(), *CHANGES_BY_THE_MINUTE.values()) for field in changed}

    by_their_checksums = {"sources"}
    assert tried | by_their_checksums == set(plan().__dataclass_fields__)


def test_every_field_of_a_planned_migration_decides_or_changes_by_the_minute() -> None:
    decides = {"name", "checksum", "sql", "marked", "concurrently", "down"}
    shown = {"reversible", "why_not", "lint", "down_lint", "locks"}

    assert decides | shown == set(PlannedMigration.__dataclass_fields__)


def test_a_ledgers_clocks_and_logs_do_not_decide_and_what_became_of_a_row_does() -> None:
    known = plan(rows=APPLIED).digest

    assert plan(rows=(replace(APPLIED[0], started=NOW, finished=NOW, logs="x"),)).digest == known
    for changed in ({"finished": None}, {"rolled_back": NOW}, {"checksum": "9" * 64}, {"name": "x"}, {"row_id": "x"}):
        assert plan(rows=(replace(APPLIED[0], **changed),)).digest != known


texts = st.text(max_size=20)


@given(st.lists(texts, min_size=1, max_size=4), st.data())
def test_two_plans_have_one_digest_only_where_they_do_the_same(names: list[str], data: st.DataObject) -> None:
    def made() -> MigrationPlan:
        chosen = [
            replace(NOTE, name=data.draw(st.sampled_from(names)), marked=data.draw(st.booleans()), down=None)
            for _ in range(data.draw(st.integers(0, 3)))
        ]
        folder = tuple((data.draw(st.sampled_from(names)), "1" * 64) for _ in range(data.draw(st.integers(0, 3))))
        return plan(migrations=tuple(chosen), folder=folder, database=data.draw(st.sampled_from(names)))

    def what(made: MigrationPlan) -> object:
        return made.database, made.folder, [(one.name, one.marked) for one in made.migrations]

    one, other = made(), made()
    assert (one.digest == other.digest) == (what(one) == what(other))


def test_the_statements_are_those_that_prisma_would_run_and_ours_around_them() -> None:
    told = plan().statements

    assert told[0].startswith("SELECT pg_try_advisory_lock(72707369)")
    assert told[1].startswith('CREATE TABLE "public"."_prisma_migrations" (id VARCHAR(36) PRIMARY KEY')
    assert told[2:4] == (
        "-- 0_init: only marked as applied; its SQL is not executed",
        'INSERT INTO "public"."_prisma_migrations" (id, checksum, started_at, migration_name, finished_at, logs) '
        "VALUES (<new id>, 'CHECKSUM', <now>, '0_init', <now>, '');".replace("CHECKSUM", "0" * 64),
    )
    step = 'UPDATE "public"."_prisma_migrations" SET applied_steps_count = applied_steps_count + 1 WHERE id = <new id>;'
    assert told[6:13] == (
        "SET lock_timeout = '2000ms';",
        "SET statement_timeout = '300000ms';",
        "BEGIN;",
        'ALTER TABLE "Order" ADD note text;',
        step,
        "COMMIT;",
        'UPDATE "public"."_prisma_migrations" SET finished_at = <now> WHERE id = <new id>;',
    )
    assert told[15:19] == (
        "SET lock_timeout = 0;",
        "SET statement_timeout = '7200000ms';",
        'CREATE INDEX CONCURRENTLY order_note ON "Order" (note);',
        step,
    )
    assert 'SET search_path = "app";' in plan(ledger_table=("app", "_prisma_migrations")).statements[1]
    assert 'CREATE TABLE "Order"' not in "".join(told)
    assert plan(rows=()).statements == (told[0], *told[2:])


def test_nothing_runs_where_nothing_is_pending() -> None:
    nothing = plan(migrations=(), ledger=LedgerState(exists=True, applied=("0_init",)), rows=APPLIED, proof=None)

    assert nothing.statements == ()
    assert not nothing.is_needed
    assert nothing.markdown().startswith("## Migration of shop: there is nothing to do")
    assert nothing.markdown().endswith("### What will run\n\nNothing.")


def test_the_document_begins_with_the_verdict_and_has_what_who_decides_must_know() -> None:
    shown = plan(
        checklist=(item(), item("pooler", "warning", "It may be one.", "Look.")),
        proof=(Difference("renamed_constraint", "public.Order.pk", "it is called otherwise", severity="warning"),),
    ).markdown()

    for expected in (
        "## Migration of shop: mark 0_init as applied and apply 2 migrations, with 1 warning",
        "### What to know\n\n- It may be one. Look.",
        "| Ledger | `public._prisma_migrations`, not there: a baseline is needed |",
        "| `0_init` | pending, will only be marked |",
        "### Proof of the baseline",
        "| warning | `public.Order.pk` | it is called otherwise |",
        "### 0_init: only marked as applied\n\n"
        "Checksum `0000000000000000000000000000000000000000000000000000000000000000`."
        '\n\n```sql\nCREATE TABLE "Order" (id int);\n```',
        "| 2 | warning `prefer-text-field` | It may grow. | Use text. |",
        '| 2 | `ALTER TABLE "Order" ADD note text` | `public.Order` | 3.0 GiB, about 40,000 rows | AccessExclusiveLock '
        "| **reads and writes** |",
        "It can be reverted",
        'down.sql:\n\n```sql\nALTER TABLE "Order" DROP note;\n```',
        "### 2_index: executed, by itself and without a transaction",
        "**It cannot be reverted**: it has no down.sql.",
        "| **warning** | pooler | It may be one. | Look. |",
        "### What will run\n\n```sql\nSELECT pg_try_advisory_lock",
    ):
        assert expected in shown


@pytest.mark.parametrize(
    ("mode", "blocks"),
    [
        ("AccessExclusiveLock", "reads and writes"),
        ("ExclusiveLock", "writes"),
        ("ShareRowExclusiveLock", "writes"),
        ("ShareLock", "writes"),
        ("ShareUpdateExclusiveLock", "neither"),
        ("AccessShareLock", "neither"),
    ],
)
def test_a_lock_is_told_by_what_of_the_application_waits_for_it(mode: str, blocks: str) -> None:
    assert replace(LOCK, mode=mode).blocks == blocks


def test_a_table_is_touched_once_however_often_it_is_locked() -> None:
    other = replace(LOCK, table=("crm", "Invoice"))

    assert plan(migrations=(replace(NOTE, locks=(LOCK, LOCK)), replace(BUILD, locks=(other, LOCK)))).touched == (
        ("crm", "Invoice"),
        ("public", "Order"),
    )


def test_what_stands_in_the_way_comes_first() -> None:
    blocked = plan(checklist=(item("replica", "blocker", "It only reads.", "Name the primary."),))

    assert blocked.blockers == ("It only reads. Name the primary.",)
    assert blocked.markdown().startswith(
        "## Migration of shop: it cannot be done, for 1 reason\n\n"
        "### What stands in the way\n\n- **It only reads. Name the primary.**\n"
    )


def test_the_ledger_shows_what_is_odd_and_the_newest_of_what_is_not() -> None:
    names = tuple(f"{number:03}" for number in range(50))
    state = LedgerState(
        exists=True,
        applied=(*names, "x_gone"),
        pending=("010_late", "9_new"),
        failed=("8_half",),
        edited=("001",),
        unknown=("x_gone",),
        out_of_order=("010_late",),
    )

    shown = plan(ledger=state, proof=None, migrations=()).markdown()

    for expected in (
        "| `001` | applied, **edited since** |",
        "| `049` | applied |",
        "| `x_gone` | applied, **not in the folder** |",
        "| `8_half` | **failed earlier** |",
        "| `010_late` | pending, **older than what is applied** |",
        "29 older ones applied.",
    ):
        assert expected in shown
    assert "| `002` |" not in shown


@given(texts, texts)
def test_nothing_that_others_chose_breaks_out_of_the_document(name: str, sql: str) -> None:
    hostile = replace(
        NOTE,
        name=name,
        sql=f"SELECT 1 /* {sql.replace('*/', '')} ``` */",
        lint=(replace(REMARK, sentence=sql, remedy=f"<b>|{name}"),),
        locks=(replace(LOCK, statement=f"a `` | {sql}", table=(name, sql)),),
    )
    shown = plan(migrations=(replace(hostile, marked=True),), run=name, requested_by=sql).markdown()

    lines = shown.split("\n")
    assert "<b>" not in shown.replace("\\<b", "")
    assert lines[0].startswith("## Migration of shop")
    assert lines.count("### Checklist") == 1


def test_an_error_of_the_linter_is_seen() -> None:
    finding = LintFinding(rule="ban-drop-column", line=7, sentence="Rows are lost.", severity="error")

    assert (
        "| 7 | **error** `ban-drop-column` | Rows are lost. |  |"
        in plan(migrations=(replace(NOTE, lint=(finding,)),)).markdown()
    )
