"""Promise: a restore's report says what was reached, never more, and what is left for people to do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.report import Verdict
from dbops.domain.restores.record import RestoreState
from dbops.domain.restores.report import RestoreReport
from dbops.domain.restores.request import RestoreMode, RestoreRequest
from tests.unit.restores import BACKUP, BEFORE, RESTORED, record
from tests.unit.samples import NOW, verification

PROOF = verification(BACKUP)
DONE: dict[RestoreMode, RestoreState] = {
    "beside": RestoreState.VERIFIED,
    "swap": RestoreState.SWAPPED,
    "into": RestoreState.VERIFIED,
    "schema": RestoreState.VERIFIED,
}


def report(mode: RestoreMode, state: RestoreState, **changed: Any) -> RestoreReport:
    facts = {"verification": PROOF, "swapped": NOW if state is RestoreState.SWAPPED else None, **changed}
    kept = record(request=RestoreRequest(mode=mode), state=state, **facts)
    return RestoreReport(target="shop", started=NOW, finished=NOW, record=kept, url="app@db:5432/shop")


@pytest.mark.parametrize("mode", DONE)
@pytest.mark.parametrize("state", RestoreState)
def test_only_what_is_done_and_proven_is_ok(mode: RestoreMode, state: RestoreState) -> None:
    done = state is DONE[mode]

    assert (report(mode, state).verdict is Verdict.OK) == done
    assert report(mode, state, verification=None).verdict is Verdict.FAILED
    assert report(mode, state, verification=verification(BACKUP, ok=False)).verdict is Verdict.FAILED
    assert (report(mode, state, verification=PROOF.with_warning("Odd.")).verdict is Verdict.WARNING) == done


@pytest.mark.parametrize("mode", DONE)
@pytest.mark.parametrize("state", RestoreState)
def test_what_is_not_done_is_not_said_to_be(mode: RestoreMode, state: RestoreState) -> None:
    shown = report(mode, state).markdown()

    done = state is DONE[mode]
    assert done == any(words in shown for words in ("is restored", "is live as"))
    assert (done and mode != "swap") == ("point the application at it yourself" in shown)
    assert (done and mode == "swap") == ("DROP DATABASE" in shown), "of what is live nothing is to be dropped"


def test_a_failed_verification_is_the_headline() -> None:
    assert report("swap", RestoreState.FAILED).headline() == (
        f"Backup {BACKUP} of shop is in {RESTORED}, and FAILED its verification there."
    )


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("beside", f"is restored beside the live database, as {RESTORED}"),
        ("swap", "is live as shop"),
        ("into", f"is restored into {RESTORED}"),
        ("schema", f"is restored into the schema crm__restore of {RESTORED}"),
    ],
)
def test_the_headline_says_where_it_is_now(mode: RestoreMode, outcome: str) -> None:
    done = report(mode, DONE[mode], schema="crm__restore" if mode == "schema" else None)
    assert done.headline() == f"Backup {BACKUP} of shop {outcome}."


def test_a_schema_that_failed_its_verification_is_named_and_not_the_live_database() -> None:
    assert f"{BACKUP} of shop is in crm__restore, and FAILED" in (
        report("schema", RestoreState.FAILED, schema="crm__restore").headline()
    )


def test_a_run_that_did_not_come_to_its_end_says_how_far_it_came() -> None:
    for mode in DONE:
        cut = report(mode, RestoreState.ANALYZED)
        assert cut.headline() == f"Backup {BACKUP} of shop is NOT restored: this run got as far as analyzed."
        assert cut.what_is_left() == ""


def test_a_swap_that_waits_says_so() -> None:
    assert f"waits as {RESTORED} for its swap" in report("swap", RestoreState.VERIFIED).headline()


def test_after_a_swap_it_says_how_to_drop_the_old_one_and_how_to_go_back() -> None:
    shown = report("swap", RestoreState.SWAPPED).markdown()

    assert f'DROP DATABASE "{BEFORE}";' in shown
    assert shown.endswith(
        f'\n\nTo drop it:\n\n```sql\nDROP DATABASE "{BEFORE}";\n```\n\n'
        "To go back to it instead, end the connections to both, and run in one transaction:\n\n"
        f'```sql\nALTER DATABASE "shop" RENAME TO "{RESTORED}";\n'
        f'ALTER DATABASE "{BEFORE}" RENAME TO "shop";\n```'
    )


def test_after_a_swap_the_first_thing_to_do_is_a_backup_and_the_checks_where_there_are_any() -> None:
    swapped = report("swap", RestoreState.SWAPPED)

    assert swapped.what_is_left().startswith("Back up now (backup__shop): ")
    assert "check__shop" not in swapped.what_is_left()
    assert "Run the checks (check__shop)." in replace(swapped, has_rules=True).what_is_left()
    assert swapped.what_is_left() == (
        "Back up now (backup__shop): there is no backup yet of the database as it is now. The old database is kept as "
        f"{BEFORE}: the report, in the log, ends with the two statements that bring it back. Drop it when nobody "
        "will want to go back."
    )
    assert "Back up now" in report("swap", RestoreState.SWAPPED, live_oid=None).what_is_left()
    assert "Back up now" not in report("beside", RestoreState.VERIFIED).what_is_left()


def test_where_there_was_no_live_database_nothing_is_kept() -> None:
    for gone in ({"live_oid": None}, {"before": None}):
        swapped = report("swap", RestoreState.SWAPPED, **gone)
        assert "DROP DATABASE" not in swapped.markdown()
        assert swapped.what_is_left() == (
            "Back up now (backup__shop): there is no backup yet of the database as it is now. There was no shop to "
            "keep, or to copy settings and grants from: it has a new database's defaults. The plan lists what the "
            "backup knows about them, under What to know; run that, and check who can connect."
        )


def test_names_and_findings_cannot_pose_as_the_report() -> None:
    odd = "a`\n# Approved <b>"
    shown = report("into", RestoreState.VERIFIED, database=odd, verification=PROOF.with_warning(odd)).markdown()

    assert "\n#" not in shown
    assert "\\<b\\>" in shown


def test_where_it_stands_and_its_migrations_are_in_the_report() -> None:
    shown = report("schema", RestoreState.VERIFIED, schema="crm__restore", migrations="At 0_init.").markdown()

    assert "It is schema crm__restore of app@db:5432/shop" in shown
    assert report("beside", RestoreState.VERIFIED).what_is_left() == (
        "Nothing points at it yet: point the application at it yourself. It is app@db:5432/shop. Drop it when you no "
        "longer need it."
    )
    assert "At 0_init." in shown


def test_the_report_for_machines_is_one_document() -> None:
    assert json.loads(report("swap", RestoreState.SWAPPED).to_json())["verdict"] == "ok"
