"""What is mailed of the checks: the verdict, what is bad, and when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.backups.backup import BackupId
from dbops.domain.checks.alert import check_alert
from dbops.domain.checks.report import CheckReport
from dbops.domain.checks.suite import CheckResult, Outcome
from tests.unit.samples import NOW, target

PASSED = CheckResult(rule_id="passes", group="data", subject="public.Order", outcome=Outcome.PASSED)
BROKEN = CheckResult(
    rule_id="breaks",
    group="data",
    subject="public.Order",
    outcome=Outcome.FAILED,
    sentence="an order is no debt: 2 rows break it",
    rows=2,
    keys=("7", "8"),
    sql="SELECT 1",
)
INDEX = CheckResult(
    rule_id="recommended_index:public.i",
    group="schema",
    subject="public.i",
    outcome=Outcome.FAILED,
    severity="warning",
    sentence="the index i, which schema.yaml recommends, is not there",
    sql="CREATE INDEX CONCURRENTLY i ON o (c);",
    how="catalog",
)
MISSING = CheckResult(
    rule_id="missing_index:public.Order.j",
    group="schema",
    subject="public.Order.j",
    outcome=Outcome.FAILED,
    sentence="the index public.Order.j is missing",
    sql="CREATE INDEX CONCURRENTLY j ON o (c);",
    how="catalog",
)
KEY = CheckResult(
    rule_id="missing_constraint:public.Order.k",
    group="schema",
    subject="public.Order.k",
    outcome=Outcome.FAILED,
    sentence="the constraint public.Order.k is missing",
    sql="ALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (c) REFERENCES p NOT VALID;\nALTER TABLE o VALIDATE CONSTRAINT k;",
    how="catalog",
)


def alert(*results: CheckResult, **more: Any) -> Alert | None:
    report = CheckReport(
        target="shop", started=NOW, finished=NOW, full=False, results=results, statements=1, tables=1, **more
    )
    return check_alert(report, target("shop"), run="manual", link=None)


def mailed(*results: CheckResult, **more: Any) -> Alert:
    found = alert(*results, **more)
    assert found is not None
    return found


def test_nobody_is_mailed_that_all_is_as_well_as_it_was() -> None:
    assert alert(PASSED) is None


@pytest.mark.parametrize(
    ("results", "was_red", "severity"),
    [
        ((BROKEN, INDEX), False, Severity.FAILED),
        ((BROKEN,), True, Severity.FAILED),
        ((INDEX,), False, Severity.WARNING),
        ((PASSED,), True, Severity.RECOVERED),
        ((PASSED, INDEX), True, Severity.RECOVERED),
    ],
)
def test_the_subject_says_red_green_with_a_warning_or_green_again(
    results: tuple[CheckResult, ...], was_red: bool, severity: Severity
) -> None:
    assert mailed(*results, was_red=was_red).severity is severity


def test_a_warning_that_is_over_is_told() -> None:
    over = mailed(PASSED, recovered=("public.i: missing index",))
    assert (over.severity, over.details, over.well_again) == (Severity.RECOVERED, (), ("public.i: missing index",))
    assert over.remedy == ""


def test_errors_come_before_warnings_which_are_called_so_and_carry_what_puts_a_schema_right() -> None:
    assert mailed(INDEX, BROKEN).details == (
        "public.Order: an order is no debt: 2 rows break it. Keys: 7, 8.",
        "Warning: The index i, which schema.yaml recommends, is not there. "
        "To put it right:\nCREATE INDEX CONCURRENTLY i ON o (c);",
    )


def test_rows_come_before_the_constraint_on_them_which_says_that_they_do() -> None:
    """ADD CONSTRAINT and VALIDATE, pasted first, end in "violates foreign key constraint"."""
    rows, constraint = mailed(KEY, BROKEN).details
    assert rows.startswith("public.Order: an order is no debt")
    assert constraint == (
        "The constraint public.Order.k is missing. First fix the rows of public.Order that break a rule. Then:\n"
        f"{KEY.sql}"
    )
    assert mailed(KEY).details[0].endswith(f"is missing. To put it right:\n{KEY.sql}")
    other = replace(BROKEN, subject="public.Orders")
    assert "First" not in "".join(mailed(KEY, other).details)


def test_the_last_run_that_was_well_is_told_and_how_to_keep_the_backup_from_before() -> None:
    known = {"last_well": NOW - timedelta(days=1), "backup_before": BackupId("20261120T020000Z")}
    said = mailed(BROKEN, **known)
    assert ("Last well", f"{NOW - timedelta(days=1):%Y-%m-%d %H:%M} UTC") in said.facts
    assert said.remedy.endswith(
        "20261120T020000Z is the newest backup from before. Hold it if something may have to be restored from it: "
        '`python -m dbops hold shop 20261120T020000Z --reason "from before the damage"`.'
    )
    warned = mailed(INDEX, **known)
    assert "hold" not in warned.remedy
    assert "Last well" not in dict(warned.facts)
    assert "hold" not in mailed(BROKEN).remedy


def test_the_remedy_is_for_what_is_bad() -> None:
    rows, schema = "SELECTs that show the rows", "`python -m dbops baseline shop --accept`"
    assert rows in mailed(BROKEN).remedy
    assert schema not in mailed(BROKEN).remedy
    assert schema in mailed(MISSING).remedy
    assert rows not in mailed(MISSING).remedy


def test_an_index_that_is_only_recommended_is_made_or_struck_out_and_no_baseline_takes_that_over() -> None:
    """The baseline has it in recommended_indexes, which --accept leaves as it is."""
    said = mailed(INDEX).remedy
    assert said == (
        "Create the index that is recommended, by the statement shown, or strike it from recommended_indexes in "
        "include/expectations/shop/schema.yaml."
    )
    assert mailed(INDEX, MISSING).remedy.endswith(f"--accept`. {said}")
    two = mailed(INDEX, replace(INDEX, rule_id=f"{INDEX.rule_id}2"))
    assert two.remedy.startswith("Create the indexes that are recommended, by the statements shown, or strike them ")


@pytest.mark.parametrize("kind", ["sequence_near_end", "transaction_id_age", "collation_version"])
def test_no_baseline_takes_over_what_is_about_to_run_out_or_may_be_corrupt(kind: str) -> None:
    assert "--accept" not in mailed(replace(INDEX, rule_id=f"{kind}:public.s")).remedy


OPERATION = CheckResult(
    rule_id="operation:user_by_id", group="operation", subject="user_by_id", outcome=Outcome.FAILED, sentence="it fails"
)


def test_an_operation_that_fails_is_put_right_where_it_stands_and_not_in_a_rule() -> None:
    found = mailed(OPERATION, operations="User 2/3")
    assert found.remedy == ("An operation of the application fails: fix it, or its file in include/sql/shop/probes/.")
    assert ("Operations", "User 2/3") in found.facts
    assert mailed(BROKEN).remedy == (
        "The log has the SELECTs that show the rows. Fix the database; or, if the rule is wrong, its file in "
        "include/expectations/."
    )


def test_a_schema_that_could_not_be_asked_is_not_to_be_accepted() -> None:
    unasked = replace(MISSING, outcome=Outcome.NOT_EVALUATED, sql="")
    assert "--accept" not in mailed(unasked).remedy


@pytest.mark.parametrize(("length", "is_told"), [(300, True), (301, False)])
def test_what_puts_a_schema_right_is_in_the_mail_where_it_is_short(length: int, is_told: bool) -> None:
    (detail,) = mailed(replace(INDEX, sql="x" * length)).details
    assert ("To put it right:" in detail) is is_told


def test_the_mail_says_what_was_checked_and_where_the_docs_are() -> None:
    facts = dict(mailed(BROKEN, PASSED, docs="s3://vault/index.html").facts)
    assert facts == {
        "Rules": "1 passed, 1 failed, 0 could not evaluate",
        "Checked": "the nightly subset",
        "Data docs": "s3://vault/index.html",
        "Run": "manual",
    }


def test_what_has_been_so_for_days_is_no_new_alarm() -> None:
    assert mailed(BROKEN, days={"breaks": 3}).headline.endswith("None of this is new.")
    assert mailed(BROKEN).headline == "1 rule of shop is broken, of 1 rule."
    assert "new" not in mailed(BROKEN, INDEX, days={"breaks": 3}).headline


def test_a_mail_stays_short_however_much_is_broken() -> None:
    many = [BROKEN] * 25
    details = mailed(*many).details
    assert (len(details), details[-1]) == (21, "5 more, see the log.")
    assert mailed(*many[:21]).details[20:] == ("1 more, see the log.",)
    assert len(mailed(*many[:20]).details) == 20


def test_the_mail_names_the_job_the_database_and_its_environment_and_leads_to_the_log() -> None:
    report = CheckReport(target="shop", started=NOW, finished=NOW, full=True, results=(BROKEN,), statements=1, tables=1)
    found = check_alert(report, target("shop", environment="staging"), run="manual", link="https://a.example.org/x")

    assert found is not None
    assert (found.job, found.target, found.environment) == ("check", "shop", "staging")
    assert (found.subject, found.link) == ("[dbops] FAILED check of shop (staging)", "https://a.example.org/x")
    assert found.facts == (
        ("Rules", "0 passed, 1 failed, 0 could not evaluate"),
        ("Checked", "in full"),
        ("Run", "manual"),
    )


def test_an_operation_that_fails_has_lost_no_row_that_a_backup_could_bring_back() -> None:
    said = mailed(OPERATION, last_well=NOW - timedelta(days=1), backup_before=BackupId("20261120T020000Z"))

    assert "Last well" not in dict(said.facts)
    assert "hold" not in said.remedy
