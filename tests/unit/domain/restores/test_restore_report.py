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
    assert (done and mode != "swap") == ("you repoint" in shown)


def test_a_failed_verification_is_the_headline() -> None:
    assert report("swap", RestoreState.FAILED).headline() == (
        f"Backup {BACKUP} of shop is in {RESTORED}, and FAILED its verification there."
    )


def test_a_swap_that_waits_says_so() -> None:
    assert f"waits as {RESTORED} for its swap" in report("swap", RestoreState.VERIFIED).headline()


def test_after_a_swap_it_says_how_to_drop_the_old_one_and_how_to_go_back() -> None:
    shown = report("swap", RestoreState.SWAPPED).markdown()

    assert f'DROP DATABASE "{BEFORE}";' in shown
    assert f'ALTER DATABASE "shop" RENAME TO "{RESTORED}";\nALTER DATABASE "{BEFORE}" RENAME TO "shop";' in shown


def test_after_a_swap_the_first_thing_to_do_is_a_backup_and_the_checks_where_there_are_any() -> None:
    swapped = report("swap", RestoreState.SWAPPED)

    assert swapped.what_is_left().startswith("Back up now (backup__shop): ")
    assert "check__shop" not in swapped.what_is_left()
    assert "Run the checks (check__shop)." in replace(swapped, has_rules=True).what_is_left()
    assert "two statements that lead back" in swapped.what_is_left()
    assert "Back up now" in report("swap", RestoreState.SWAPPED, live_oid=None).what_is_left()
    assert "Back up now" not in report("beside", RestoreState.VERIFIED).what_is_left()


def test_where_there_was_no_live_database_nothing_is_kept() -> None:
    assert "DROP DATABASE" not in report("swap", RestoreState.SWAPPED, live_oid=None).markdown()


def test_names_and_findings_cannot_pose_as_the_report() -> None:
    odd = "a`\n# Approved <b>"
    shown = report("into", RestoreState.VERIFIED, database=odd, verification=PROOF.with_warning(odd)).markdown()

    assert "\n#" not in shown
    assert "\\<b\\>" in shown


def test_where_it_stands_and_its_migrations_are_in_the_report() -> None:
    shown = report("schema", RestoreState.VERIFIED, schema="crm__restore", migrations="At 0_init.").markdown()

    assert "It is schema crm__restore of app@db:5432/shop" in shown
    assert "At 0_init." in shown


def test_the_report_for_machines_is_one_document() -> None:
    assert json.loads(report("swap", RestoreState.SWAPPED).to_json())["verdict"] == "ok"
