"""Promise: a report of a drill says what was proven, in how long, or why nothing had to be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.drill_report import DrillReport
from dbops.domain.backups.verification import Finding, Verification, condemned
from dbops.domain.report import Verdict
from dbops.errors import BackupUnusable
from tests.unit.samples import NOW, verification

BACKUP = BackupId("20261122T020000Z")
GOOD = verification(BACKUP)
ODD = replace(GOOD, findings=(Finding("warning", "Something is odd."),))
BAD = replace(
    verification(BACKUP, ok=False),
    findings=(Finding("error", "Table public.Order has 9 rows; the backup has 10."), Finding("warning", "And odd.")),
)


def report(proof: Verification | None, reason: str = "it was asked for") -> DrillReport:
    return DrillReport(target="shop", started=NOW, finished=NOW, reason=reason, verification=proof)


@pytest.mark.parametrize(
    ("proof", "verdict"), [(None, Verdict.OK), (GOOD, Verdict.OK), (ODD, Verdict.WARNING), (BAD, Verdict.FAILED)]
)
def test_the_verdict_is_that_on_the_backup(proof: Verification | None, verdict: Verdict) -> None:
    assert report(proof).verdict is verdict


def test_a_good_report_says_what_was_proven_and_how_long_a_recovery_takes() -> None:
    assert report(GOOD).markdown() == (
        "Backup **20261122T020000Z** of shop is proven: 1 table, 500 rows on PostgreSQL 17.10. The recovery took 3.0s: "
        "1000 B loaded in 1.0s, ANALYZE 1.0s, verification 1.0s.\n\nWhy now: it was asked for."
    )


def test_a_bad_report_names_every_finding_errors_first() -> None:
    text = report(BAD).markdown()

    assert "Backup **20261122T020000Z** of shop FAILED its verification" in text
    assert "- **Table public.Order has 9 rows; the backup has 10.**\n- And odd.\n" in text


def test_of_a_backup_that_could_not_be_loaded_no_numbers_are_told() -> None:
    """It said "0 tables, 0 rows on PostgreSQL . The recovery took 0.0s"."""
    text = report(condemned("shop", BACKUP, "A file is cut off.", run="r", started=NOW, finished=NOW))

    assert text.markdown() == (
        "Backup **20261122T020000Z** of shop FAILED its verification: it could not be loaded, so nothing was counted "
        "or timed.\n\n- **A file is cut off.**\n\nWhy now: it was asked for."
    )


def test_a_report_of_a_drill_that_was_not_due_says_why() -> None:
    assert report(None, "there is no backup").markdown() == "No drill of shop is due: there is no backup."


def test_only_a_backup_that_failed_is_an_error() -> None:
    for proof in (None, GOOD, ODD):
        report(proof).require_proof()
    with pytest.raises(BackupUnusable, match=r"20261122T020000Z of shop FAILED its drill: Table public.Order has 9"):
        report(BAD).require_proof()


def test_the_error_has_the_first_findings_and_what_to_do() -> None:
    findings = tuple(Finding("error", f"Error {number}.") for number in range(7))
    with pytest.raises(BackupUnusable) as caught:
        report(replace(BAD, findings=findings)).require_proof()

    assert str(caught.value).startswith(
        "Backup 20261122T020000Z of shop FAILED its drill: Error 0. Error 1. Error 2. Error 3. Error 4."
    )
    assert "Error 5." not in str(caught.value)
    assert caught.value.remedy == (
        "Make a new backup now, hold an older good one, and find out what is wrong with this one: it stays for "
        "retention.keep_failed. Drill it again if you doubt it."
    )


def test_the_json_document_has_the_whole_verification() -> None:
    document = json.loads(report(ODD).to_json())

    assert (document["job"], document["verdict"]) == ("drill", "warning")
    assert document["verification"]["findings"] == [{"severity": "warning", "sentence": "Something is odd."}]
    assert document["verification"]["load_seconds"] == 1.0
