"""The subject is what people filter, sort and read at three in the morning."""

from __future__ import annotations

from dbops.domain.alerts.alert import Alert, Severity


def test_a_subject_says_how_bad_what_where_and_in_which_environment() -> None:
    alert = Alert(
        severity=Severity.FAILED, job="backup", target="summary_app", environment="production", headline="It failed."
    )
    assert alert.subject == "[dbops] FAILED backup of summary_app (production)"


def test_a_subject_without_a_target_names_the_job_alone() -> None:
    alert = Alert(severity=Severity.FAILED, job="reading of include/targets", headline="It failed.")
    assert alert.subject == "[dbops] FAILED reading of include/targets"
