"""Who is woken for a swap reads what becomes live, how old it is, what is lost, what is kept, and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import TableEntry
from dbops.domain.restores.live_facts import LiveTable, SessionGroup
from dbops.domain.restores.request import RestoreRequest
from tests.unit.domain.restores.test_restore_plan import taking_over
from tests.unit.restores import BACKUP, BEFORE, RESTORED, live, plan
from tests.unit.samples import DAY, NOW, manifest

_LIVE = {
    ("public", "Order"): LiveTable(620, exact=True),
    ("public", "Summary"): LiveTable(12, exact=True),
    ("public", "Tag"): LiveTable(9, exact=False),
}
_HELD = (TableEntry("public", "Order", 500, 0), TableEntry("public", "Summary", 9812, 0))


def stake(**changed: Any) -> dict[str, str]:
    return dict(plan(**changed).stake)


def test_of_a_swap_it_is_all_that_decides() -> None:
    sessions = (SessionGroup("web", "puma", 12, may_end=True), SessionGroup("bi", "", 1, may_end=False))
    swap = plan(
        live=live(tables=_LIVE, sessions=sessions), manifest=replace(manifest(BACKUP), tables=_HELD), proven=NOW
    )

    assert swap.stake == (
        ("Goes live", f"backup {BACKUP}: the data of 2026-11-21 12:00 UTC, 1d old"),
        ("Verified", "the loaded copy passed at 2026-11-22 12:00 UTC"),
        (
            "Rows lost",
            "about 129 rows in 2 tables: public.Order 120, public.Tag 9; rows that were changed are not counted",
        ),
        ("Rows back", "about 9,800 rows in 1 table: public.Summary 9,800"),
        ("Cut off", "13 connections; we may not end 1 of them: the swap fails while one is open"),
        ("The old one", f"stays as {BEFORE} until somebody drops it; dbops drops none"),
        (
            "To go back",
            "two renames, given in the report in the log; anything written after the swap is not carried over",
        ),
    )


def test_the_age_is_that_of_now_however_long_ago_it_was_planned_first() -> None:
    assert stake(planned=NOW - 3 * DAY, looked=NOW + timedelta(hours=7))["Goes live"].endswith(", 1d 7h old")


def test_what_is_not_known_to_be_lost_is_said_not_to_be_known() -> None:
    told = stake(live=live(tables={}, counted=False))

    assert told["Rows lost"] == "not known: the live database cannot be read"
    assert "Rows back" not in told


def test_where_nothing_is_live_nothing_is_lost_or_kept() -> None:
    told = stake(live=None)

    assert told["Rows lost"] == "none: there is no database shop"
    assert told["To go back"] == "drop or rename shop: there is no old database"
    assert not {"The old one", "Cut off", "Rows back"} & told.keys()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "never; it is verified when it is loaded"),
        ({"verified": NOW}, "the backup passed at 2026-11-22 12:00 UTC; it is verified when it is loaded"),
        ({"request": taking_over()}, "never, and is verified again"),
        ({"verified": NOW - DAY, "proven": NOW}, "the loaded copy passed at 2026-11-22 12:00 UTC"),
    ],
    ids=["never", "drilled", "taken over", "loaded and proven"],
)
def test_whether_it_was_verified_is_said(changed: dict[str, Any], told: str) -> None:
    assert stake(**changed)["Verified"] == told


@pytest.mark.parametrize(
    ("mode", "schema", "live_one", "made"),
    [
        ("beside", None, "is not touched", f"the database {RESTORED}"),
        ("into", None, "is not touched", f"the database {RESTORED}"),
        ("schema", "crm_2", "gets the schema crm_2; no table that is there is touched", "the schema crm_2"),
    ],
)
def test_where_nothing_live_is_touched_that_is_what_is_said(
    mode: Any, schema: str | None, live_one: str, made: str
) -> None:
    request = RestoreRequest(mode=mode, backup_id=BACKUP)

    told = stake(request=request, schema=schema)

    assert [*told] == ["Is loaded", "Verified", "What is live", "To go back"]
    assert (told["What is live"], told["To go back"]) == (live_one, f"drop {made}")


@given(st.text(min_size=1, max_size=300), st.integers(0, 10**12))
def test_no_name_of_a_table_makes_it_more_than_few_short_lines(name: str, rows: int) -> None:
    told = plan(live=live(tables={(name, name): LiveTable(rows, exact=True)})).stake

    assert [label for label, _ in told] == [label for label, _ in plan().stake]
    assert all(value.isprintable() and len(value) <= 400 for _, value in told)
