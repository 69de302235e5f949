"""Promise: what makes a migration's proof worthless stands in its way; what a person may know better is a warning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.ledger.table import LedgerState
from dbops.domain.migrations.plan import ChecklistItem
from dbops.domain.migrations.planned import LintFinding
from dbops.domain.migrations.rules import Findings, OtherLedger, judge_findings
from dbops.domain.schema.object_differences import Difference
from tests.unit.migration_plans import BUILD, INIT, NOTE, row

GONE = Difference("missing_index", "public.a_idx", "the index a_idx is gone", severity="error")
RENAMED = Difference("renamed_constraint", "public.a.pk", "the constraint pk is called otherwise", severity="warning")
UP_TO_DATE = LedgerState(exists=True, applied=("0_init",))
NO_LEDGER = LedgerState(exists=False, pending=("0_init", "1_note"))


def judged(**found: Any) -> dict[str, ChecklistItem]:
    known: dict[str, Any] = {"target": "shop", "ledger": UP_TO_DATE, "baseline": "0_init", "drift": ()}
    items = judge_findings(Findings(**{**known, **found}))
    for item in items:
        assert item.sentence, item
        # What the scratch database refused says itself what to do.
        assert bool(item.remedy) is (item.status != "ok" and item.name != "scratch database"), item
    return {item.name: item for item in items}


def test_all_is_well_where_the_ledger_the_folder_and_the_database_agree() -> None:
    items = judged(migrations=(NOTE,), drift=())

    assert {name: item.status for name, item in items.items()} == {
        "ledger": "ok",
        "drift": "ok",
        "linter": "warning",
        "way back": "ok",
    }
    assert items["ledger"].sentence == "1 migration applied, each as the folder has it."
    assert items["linter"].sentence == "squawk has 1 remark."
    assert judged(migrations=(replace(NOTE, lint=()),))["linter"].status == "ok"
    assert judged(ledger=NO_LEDGER, drift=None, proof=())["ledger"].sentence == "There is no ledger yet."


@pytest.mark.parametrize(
    ("odd", "name", "status", "words"),
    [
        ({"failed": ("1_x",)}, "failed migrations", "blocker", "migrate resolve --rolled-back 1_x`"),
        ({"failed": ("1_x",)}, "failed migrations", "blocker", "Begun and never finished: 1_x."),
        ({"edited": ("0_init",)}, "edited migrations", "blocker", "Changed since they were applied: 0_init."),
        ({"unknown": ("9_x",)}, "unknown migrations", "warning", "ahead of this repository"),
        ({"pending": ("0_a",), "out_of_order": ("0_a",)}, "order", "warning", "another order"),
    ],
)
def test_what_prisma_does_not_notice_is_told(odd: dict[str, Any], name: str, status: str, words: str) -> None:
    items = judged(ledger=replace(UP_TO_DATE, **odd))

    assert items[name].status == status
    assert words in items[name].told
    assert "ledger" not in items


@pytest.mark.parametrize(
    ("found", "status", "words"),
    [
        ({"proof": ()}, "ok", "0_init makes exactly the live schema"),
        ({"proof": (RENAMED,)}, "warning", "the constraint pk is called otherwise"),
        ({"proof": (GONE, RENAMED)}, "blocker", "does not make the live schema: the index a_idx is gone. Correct"),
        ({"proof": (GONE,) * 5}, "blocker", "; and 2 more."),
        ({"baseline": None}, "blocker", "include/sql/shop/migrations has no migration to begin with"),
        ({"baseline": None}, "blocker", "`python -m dbops migrate shop --init` writes 0_init/migration.sql"),
    ],
)
def test_a_baseline_is_marked_only_where_it_is_equal(found: dict[str, Any], status: str, words: str) -> None:
    item = judged(ledger=NO_LEDGER, drift=None, **found)["baseline"]

    assert item.status == status
    assert words in item.told


@pytest.mark.parametrize(
    ("drift", "status", "words"),
    [
        ((), "ok", "exactly what the applied migrations make"),
        ((RENAMED,), "warning", "the constraint pk is called otherwise"),
        ((GONE,), "blocker", "The live schema is not what the applied migrations make: the index a_idx is gone."),
    ],
)
def test_drift_stands_in_the_way_unless_it_changes_no_answer(
    drift: tuple[Difference, ...], status: str, words: str
) -> None:
    item = judged(drift=drift)["drift"]
    assert item.status == status
    assert words in item.sentence


def test_what_scratch_refuses_stands_in_the_way() -> None:
    items = judged(drift=None, refused="1_note/migration.sql, line 2 does not run.")

    assert items["scratch database"].status == "blocker"
    assert items["scratch database"].told == "1_note/migration.sql, line 2 does not run."
    assert "drift" not in items


def test_an_error_of_the_linter_stands_in_the_way_and_says_how_it_is_accepted() -> None:
    error = LintFinding(rule="ban-drop-column", line=7, sentence="Rows are lost.", severity="error")
    item = judged(migrations=(replace(NOTE, lint=(error, error)), INIT))["linter"]

    assert item.status == "blocker"
    assert "2 errors: 1_note, line 7: ban-drop-column, 1_note, line 7: ban-drop-column" in item.sentence
    assert "squawk-ignore" in item.remedy


def test_a_down_sql_that_loses_rows_is_a_warning() -> None:
    losing = LintFinding(rule="ban-drop-column", line=2, sentence="It drops.")
    item = judged(migrations=(replace(BUILD, down_lint=(losing,)),))["down.sql"]

    assert item.status == "warning"
    assert f"{BUILD.name}, line 2: ban-drop-column" in item.sentence


def test_no_way_back_is_a_warning() -> None:
    item = judged(migrations=(NOTE, BUILD))["way back"]

    assert item.status == "warning"
    assert "only the backup leads back" in item.remedy
    assert "2_index (it has no down.sql)" in item.sentence
    assert "1_note" not in item.sentence


def test_of_a_baseline_that_is_only_marked_neither_linter_nor_way_back_is_asked() -> None:
    assert set(judged(ledger=NO_LEDGER, drift=None, proof=(), migrations=(INIT,))) == {"ledger", "baseline"}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (OtherLedger(name="staging", unread="It is down."), "not known: It is down."),
        (OtherLedger(name="staging", rows=(row("0_init"),)), "not tried there yet: 1_note"),
        (OtherLedger(name="staging", rows=None), "applied here and not there: 0_init"),
        (OtherLedger(name="staging", rows=(row("0_init"), row("1_note"), row("7_x"))), "nor to the folder: 7_x"),
        (
            OtherLedger(name="staging", rows=(row("0_init"), row("1_note"), row("7_x", finished=None))),
            "begun there and never finished: 7_x",
        ),
        (
            OtherLedger(name="staging", rows=(row("0_init"), row("7_x"))),
            "not tried there yet: 1_note; applied there, and known neither",
        ),
    ],
)
def test_another_environment_that_is_behind_or_ahead_is_a_warning(other: OtherLedger, words: str) -> None:
    item = judged(ledger=replace(UP_TO_DATE, pending=("1_note",)), migrations=(NOTE,), other=other)["other environment"]

    assert item.status == "warning"
    assert words in item.told


def test_another_environment_that_has_what_is_pending_here_is_well() -> None:
    other = OtherLedger(name="staging", rows=(row("0_init"), row("1_note")))

    item = judged(ledger=replace(UP_TO_DATE, pending=("1_note",)), migrations=(NOTE,), other=other)["other environment"]
    assert item.status == "ok"
