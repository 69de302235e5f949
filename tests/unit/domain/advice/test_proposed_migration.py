"""Promise: a proposed index is a migration folder that can be reviewed and taken back, and says that it is unproven."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dbops.domain.advice.proposed_migration import migration_folder
from dbops.domain.query_plan.advice import IndexProposal

STARTED = datetime(2026, 11, 22, 7, 59, 59, tzinfo=timezone(timedelta(hours=1)))
PROPOSAL = IndexProposal(
    name="Summary_userId_createdAt_idx",
    table="public.Summary",
    statement='CREATE INDEX CONCURRENTLY "Summary_userId_createdAt_idx" ON "Summary" ("userId", "createdAt" DESC)',
    revert='DROP INDEX CONCURRENTLY IF EXISTS "public"."Summary_userId_createdAt_idx"',
    probes=("summary_list_newest", "other"),
    why="471 rows are sorted\nto return the first 20.",
)


def test_one_statement_goes_forward_and_one_back() -> None:
    name, files = migration_folder(PROPOSAL, STARTED)

    assert name == "20261122065959_summary_user_id_created_at_idx"
    assert files == {
        "migration.sql": (
            "-- Proposed by the probes of 2026-11-22 06:59 UTC for summary_list_newest, other. It is unproven: "
            "nobody has tested it yet. Try it on a restored copy of the database first.\n"
            "-- 471 rows are sorted to return the first 20.\n"
            'CREATE INDEX CONCURRENTLY "Summary_userId_createdAt_idx" ON "Summary" ("userId", "createdAt" DESC);\n'
        ),
        "down.sql": (
            "-- Takes back what migration.sql makes: Summary_userId_createdAt_idx.\n"
            'DROP INDEX CONCURRENTLY IF EXISTS "public"."Summary_userId_createdAt_idx";\n'
        ),
    }


def test_those_of_one_run_are_applied_in_their_order() -> None:
    folders = [migration_folder(PROPOSAL, STARTED, number)[0] for number in range(12)]

    assert folders == sorted(set(folders))
    assert folders[1].startswith("20261122070000_")


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("_CategoryToSummary_B_index", "category_to_summary_b_index"),
        ("t_a_idx2", "t_a_idx2"),
        ("表_idx", "idx"),
        ("表", "index"),
    ],
)
def test_a_folder_has_a_plain_name(index: str, name: str) -> None:
    assert migration_folder(replace(PROPOSAL, name=index), STARTED.astimezone(UTC))[0] == f"20261122065959_{name}"
