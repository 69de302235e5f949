"""Promise: a verdict says what failed a backup, and one that could not be loaded at all has a verdict too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.verification import Finding, Verification, condemned
from tests.unit.samples import DAY, NOW, verification

BACKUP = BackupId.at(NOW - DAY)


def test_a_backup_that_cannot_be_loaded_is_condemned_with_the_reason_and_nothing_is_made_up() -> None:
    begun = NOW - timedelta(minutes=2)
    verdict = condemned("shop", BACKUP, "toc.dat is cut.", run="manual__1", started=begun, finished=NOW)

    assert not verdict.ok
    assert verdict.whole
    assert (verdict.target, verdict.backup_id, verdict.kind, verdict.run) == ("shop", BACKUP, "drill", "manual__1")
    assert (verdict.started, verdict.finished) == (begun, NOW)
    assert (verdict.errors, verdict.warnings) == (("toc.dat is cut.",), ())
    assert (verdict.server_version, verdict.schema_fingerprint) == ("", "")
    assert (verdict.tables, verdict.rows, verdict.bytes_downloaded, verdict.recovery_seconds) == (0, 0, 0, 0.0)
    assert Verification.from_json(verdict.to_json()) == verdict


def test_the_recovery_time_is_that_of_all_three_steps() -> None:
    took = replace(verification(BACKUP), load_seconds=100.0, analyze_seconds=20.0, verify_seconds=3.0)

    assert took.recovery_seconds == 123.0


def test_errors_and_warnings_are_told_apart_and_a_warning_can_come_later() -> None:
    found = (Finding("error", "Rows are missing."), Finding("warning", "The server is newer."))
    verdict = replace(verification(BACKUP, ok=False), findings=found).with_warning("The roles are not there.")

    assert verdict.errors == ("Rows are missing.",)
    assert verdict.warnings == ("The server is newer.", "The roles are not there.")
    assert not verdict.ok


def test_a_verdict_of_another_format_is_refused() -> None:
    body = verification(BACKUP).to_json()

    assert Verification.from_json(body) == verification(BACKUP)
    with pytest.raises(ValueError, match="format"):
        Verification.from_json(body.replace(b'"format": 1', b'"format": 2'))
