"""Promise: what people say yes to shows all that would happen to the database, word for word as it is here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbops.domain.ledger.table import LedgerState
from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.schema.object_differences import Difference
from tests.unit.migration_plans import BUILD, INIT, NOTE, REMARK, item, plan, row

DOCUMENT = Path(__file__).parents[3] / "testdata" / "migration_plan.md"
GONE = Difference("missing_index", "public.Order.i", "it is gone", sql='CREATE INDEX "i" ON "Order" (id);')
DRIFT = (
    GONE,
    Difference("renamed_constraint", "public.Order.pk", "it is called otherwise", severity="warning"),
    Difference("missing_table", "public.Line", "it is gone", sql='CREATE TABLE "Line" ();'),
)
LOSING = replace(REMARK, rule="ban-drop-column", sentence="Rows are lost.", severity="error")


def test_the_document_of_a_plan_is_this_one() -> None:
    """Look at what has changed in it, then write it anew."""
    made = plan(
        proof=(),
        drift=DRIFT,
        checklist=(
            item(),
            item("pooler", "warning", "It may be one.", "Look."),
            item("backup", "warning", "It is old.", "See why."),
            item("replica", "blocker", "It only reads.", "Name the primary."),
        ),
        migrations=(INIT, replace(NOTE, down_lint=(LOSING,), sql=f"{NOTE.sql}\n\n"), BUILD),
        options=MigrationOptions(compare_with="staging"),
    )

    assert f"{made.markdown()}\n" == DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"migrations": (INIT,)}, "mark 0_init as applied"),
        ({"migrations": (NOTE,)}, "apply 1 migration"),
        ({"migrations": (INIT, NOTE, BUILD)}, "mark 0_init as applied and apply 2 migrations"),
    ],
)
def test_the_verdict_is_what_will_be_done_and_no_word_more(changed: dict[str, Any], verdict: str) -> None:
    assert plan(**changed).markdown().split("\n")[:3] == [f"## Migration of shop: {verdict}", "", "### In short"]


@pytest.mark.parametrize(
    ("ledger", "state"),
    [
        (LedgerState(exists=True, pending=("0_init",)), "which has no migration yet: a baseline is needed"),
        (LedgerState(exists=True, failed=("1_note", "2_index")), "2 migrations failed earlier"),
        (LedgerState(exists=True, applied=("0_init",), pending=("1_note", "2_index")), "2 pending"),
        (LedgerState(exists=True, applied=("0_init",)), "up to date"),
    ],
)
def test_the_ledger_is_told_by_what_is_to_be_done_about_it(ledger: LedgerState, state: str) -> None:
    assert f"| Ledger | `public._prisma_migrations`, {state} |" in plan(ledger=ledger).markdown()


def test_a_ledger_that_is_short_is_shown_whole_and_one_without_a_migration_not_at_all() -> None:
    shown = plan(ledger=LedgerState(exists=True, applied=("0_init",)), rows=(row("0_init"),), proof=None).markdown()

    assert "### Ledger\n\n| migration | state |\n| --- | --- |\n| `0_init` | applied |\n\n### 0_init" in shown
    assert "### Ledger" not in plan(ledger=LedgerState(exists=False), migrations=()).markdown()


def test_whoever_asked_is_named_where_anybody_is_known() -> None:
    assert "| Asked for by | eve |" in plan().markdown()
    assert "| Asked for by | nobody known |" in plan(requested_by=None).markdown()
    assert "Compared with" not in plan().markdown()


@pytest.mark.parametrize(
    ("number", "more"), [(60, ""), (61, "\n\nAnd 1 more difference."), (72, "\n\nAnd 12 more diff")]
)
def test_of_many_differences_sixty_are_shown_and_the_others_counted(number: int, more: str) -> None:
    shown = plan(drift=[replace(GONE, subject=f"public.a{each}", sql="") for each in range(number)]).markdown()

    _, _, drift = shown.partition("### Drift\n\n")
    assert drift.count("| **differs** |") == 60
    assert f"| **differs** | `public.a59` | it is gone |{more}" in drift
    assert ("more difference" in drift) == bool(more)
    assert "What would change the live schema" not in shown
