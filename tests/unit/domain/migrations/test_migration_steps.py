"""What a plan shows is what will run: every statement, in its order, around it the ledger's own rows."""

from __future__ import annotations

from dbops.domain.migrations.steps import migration_steps
from dbops.domain.options.migrations import MigrationOptions
from tests.unit.migration_plans import BUILD, INIT, NOTE

LEDGER = ("App", "_prisma_migrations")
OPTIONS = MigrationOptions.model_validate({
    "lock_timeout": "1500ms", "tries": 3, "statement_timeout": "1m", "concurrent_timeout": "2h",
})  # fmt: skip


def test_nothing_is_run_where_nothing_is_pending() -> None:
    assert migration_steps((), LEDGER, OPTIONS, creates_ledger=True) == ()


def test_a_baseline_is_only_marked_and_the_others_are_run_each_in_its_way() -> None:
    steps = migration_steps((INIT, NOTE, BUILD), LEDGER, OPTIONS, creates_ledger=False)
    counted = "UPDATE L SET applied_steps_count = applied_steps_count + 1 WHERE id = <new id>;"
    finished = "UPDATE L SET finished_at = <now> WHERE id = <new id>;"
    row = "INSERT INTO L (id, checksum, started_at, migration_name) VALUES (<new id>, 'CHECKSUM', <now>, 'N');"

    assert steps[0].startswith("SELECT pg_try_advisory_lock(")
    assert [step.replace('"App"."_prisma_migrations"', "L") for step in steps[1:]] == [
        'SET search_path = "App";  -- the connection\'s ?schema=',
        "-- 0_init: only marked as applied; its SQL is not executed",
        row.replace("'N'", "'0_init', <now>, ''")
        .replace("name)", "name, finished_at, logs)")
        .replace("CHECKSUM", INIT.checksum),
        "-- 1_note: in one transaction, with at most 3 attempts to get its locks",
        row.replace("'N'", "'1_note'").replace("CHECKSUM", NOTE.checksum),
        "SET lock_timeout = '1500ms';",
        "SET statement_timeout = '60000ms';",
        "BEGIN;",
        'ALTER TABLE "Order" ADD note text;',
        counted,
        "COMMIT;",
        finished,
        "-- 2_index: by itself; what an interrupted build leaves INVALID is dropped first",
        row.replace("'N'", "'2_index'").replace("CHECKSUM", BUILD.checksum),
        "SET lock_timeout = 0;",
        "SET statement_timeout = '7200000ms';",
        'CREATE INDEX CONCURRENTLY order_note ON "Order" (note);',
        counted,
        finished,
    ]


def test_the_ledger_is_made_where_there_is_none_and_schema_public_needs_no_search_path() -> None:
    steps = migration_steps((NOTE,), ("public", "_prisma_migrations"), OPTIONS, creates_ledger=True)

    assert steps[1].startswith('CREATE TABLE "public"."_prisma_migrations" (')
    assert not any("search_path" in step for step in steps)
