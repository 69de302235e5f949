"""A check report: three outcomes, told apart everywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.checks.report import CheckReport
from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.report import Verdict
from dbops.domain.servers.data_checksums import data_checksums_note
from tests.unit.samples import NOW


def result(rule_id: str, outcome: Outcome, **more: Any) -> CheckResult:
    return CheckResult(rule_id=rule_id, group="data", subject="public.Summary", outcome=outcome, **more)


def report(*results: CheckResult, **more: Any) -> CheckReport:
    return CheckReport(
        target="shop", started=NOW, finished=NOW, full=False, results=results, statements=3, tables=2, **more
    )


PASSED = result("passes", Outcome.PASSED)
BROKEN = result("breaks", Outcome.FAILED, sentence="3 rows are negative.", rows=3, keys=("1", "2", "3"), sql="SELECT 1")
ODD = result("odd", Outcome.FAILED, severity="warning", sentence="An index is missing.")
UNKNOWN = result("unknown", Outcome.NOT_EVALUATED, sentence="no such column", source="expectations/shop/Summary.yaml:7")


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ((PASSED,), Verdict.OK),
        ((PASSED, ODD), Verdict.WARNING),
        ((PASSED, BROKEN), Verdict.FAILED),
        ((PASSED, UNKNOWN), Verdict.FAILED),
        ((), Verdict.OK),
    ],
)
def test_the_verdict_is_that_of_the_worst_rule(results: tuple[CheckResult, ...], verdict: Verdict) -> None:
    assert report(*results).verdict is verdict


def test_failed_and_could_not_evaluate_are_two_things() -> None:
    said = report(PASSED, BROKEN, UNKNOWN).headline()
    assert said == "1 rule of shop is broken and 1 could not be evaluated, of 3 rules."
    assert report(UNKNOWN).headline() == "1 could not be evaluated, of 1 rule."
    assert report(PASSED, BROKEN, UNKNOWN).counts() == {"passed": 1, "failed": 1, "could not evaluate": 1}


def test_the_verdict_says_how_much_of_it_only_warns() -> None:
    assert report(ODD).headline() == "1 rule of shop is broken, of 1 rule. This is only a warning."
    assert report(ODD, BROKEN).headline() == ("2 rules of shop are broken, of 2 rules. 1 of these is only a warning.")


def test_several_that_warn_or_are_broken_are_several() -> None:
    assert report(ODD, ODD).headline() == "2 rules of shop are broken, of 2 rules. These are only warnings."
    assert report(PASSED, ODD, ODD, BROKEN).headline() == (
        "3 rules of shop are broken, of 4 rules. 2 of these are only warnings."
    )
    assert report(BROKEN, BROKEN).headline() == "2 rules of shop are broken, of 2 rules."
    assert report(PASSED).headline() == "The only rule of shop holds."
    assert report(PASSED, PASSED).headline() == "Every one of 2 rules of shop holds."


def test_news_is_whatever_has_not_been_bad_since_an_earlier_day() -> None:
    assert report(BROKEN, ODD, PASSED, days={"breaks": 2, "odd": 2}).is_old_news
    assert not report(BROKEN, ODD, days={"breaks": 2, "odd": 1}).is_old_news
    assert not report(BROKEN, ODD, days={"breaks": 2}).is_old_news
    assert not report(PASSED).is_old_news


def test_the_page_says_how_it_was_checked_and_which_operations_work() -> None:
    page = report(PASSED, operations="User 3/3").markdown()
    assert page.startswith("**The only rule of shop holds.**\n\nChecked the nightly subset: 2 tables scanned by 3 ")
    assert page.endswith("Operations that work: User 3/3.")
    assert "| severity |" not in page


def test_keys_that_were_not_fetched_are_counted_too() -> None:
    many = result("m", Outcome.FAILED, sentence="9 rows break it", rows=9, keys=tuple("1234567"))
    assert report(many).told(many) == "public.Summary: 9 rows break it. Keys: 1, 2, 3, 4, 5 and 4 more."


def test_a_bad_rule_says_since_when_which_rows_and_where_it_stands() -> None:
    shown = report(BROKEN, UNKNOWN, days={"breaks": 3})
    assert shown.told(BROKEN) == "public.Summary (day 3): 3 rows are negative. Keys: 1, 2, 3."
    assert shown.told(UNKNOWN) == (
        "public.Summary: could not evaluate: no such column [expectations/shop/Summary.yaml:7]"
    )


def test_a_table_that_a_sentence_begins_with_is_named_once() -> None:
    lost = result("l", Outcome.FAILED, sentence="public.Summary has lost its rows")
    assert report(lost).told(lost) == "public.Summary: has lost its rows"


def test_what_could_not_be_asked_says_which_rule_it_was() -> None:
    named = result("u", Outcome.NOT_EVALUATED, description="a colour can be shown", sentence="no such column")
    assert report(named).told(named) == 'public.Summary: could not evaluate "a colour can be shown": no such column'


def test_a_key_of_several_columns_is_told_from_several_keys() -> None:
    pairs = result("p", Outcome.FAILED, sentence="a pair is one: 2 rows break it", keys=("1, a", "2, b"))
    assert report(pairs).told(pairs) == "public.Summary: a pair is one: 2 rows break it. Keys: (1, a), (2, b)."


def test_a_difference_of_the_schema_names_its_object_once() -> None:
    missing = CheckResult(
        rule_id="missing_index:public.i",
        group="schema",
        subject="public.i",
        outcome=Outcome.FAILED,
        sentence="the index public.i is missing",
        how="catalog",
    )
    assert report(missing, days={missing.rule_id: 2}).told(missing) == "The index public.i is missing (day 2)"


def test_what_an_object_is_called_is_no_statement_of_those_that_people_paste() -> None:
    """Whoever may create an index chooses its name; a line break in it would end the comment, backticks the block."""
    name = "x\n```\nDROP SCHEMA public; --"
    named = CheckResult(rule_id="index", group="schema", outcome=Outcome.FAILED, sql="DROP INDEX x", subject=name)
    block = report(named).markdown().rpartition("````sql\n")[2].splitlines()
    assert block == [r"-- x\n```\nDROP SCHEMA public; --", "DROP INDEX x;", "````"]


def test_a_statement_ends_once() -> None:
    assert "SELECT 1;\n```" in report(result("x", Outcome.FAILED, sql="SELECT 1;\n")).markdown()


def test_the_page_has_the_worst_first_the_sql_and_what_is_well_again() -> None:
    page = report(ODD, BROKEN, recovered=("old trouble",), docs="s3://vault/shop/docs/x/index.html").markdown()
    assert page.index("3 rows are negative") < page.index("An index is missing")
    assert "-- public.Summary\nSELECT 1;" in page
    assert "- Well again: old trouble" in page
    assert "s3://vault/shop/docs/x/index.html" in page


def test_what_is_worth_knowing_is_in_the_report_and_makes_it_no_worse() -> None:
    told = report(notes=data_checksums_note(on=False))
    assert "The cluster has no data checksums" in told.markdown()
    assert told.verdict is Verdict.OK
    assert data_checksums_note(on=True) == ()


def test_the_document_is_one_json_with_its_verdict() -> None:
    document = json.loads(report(BROKEN).to_json())
    assert document["verdict"] == "failed"
    assert document["results"][0]["outcome"] == "failed"


def test_the_page_of_a_run_is_this_one() -> None:
    other = replace(BROKEN, rule_id="b2", rows=None, keys=(), sql="SELECT 2")
    made = report(BROKEN, ODD, other, recovered=("one", "another"))
    found = replace(made, full=True, finished=NOW + timedelta(seconds=90))

    assert found.markdown().split("\n") == [
        "**3 rules of shop are broken, of 3 rules. 1 of these is only a warning.**",
        "",
        "Checked in full: 2 tables scanned by 3 statements in 1m 30s.",
        "",
        "| severity | outcome | rule | rows |",
        "| --- | --- | --- | --- |",
        "| error | failed | public.Summary: 3 rows are negative. Keys: 1, 2, 3. | 3 |",
        "| error | failed | public.Summary: 3 rows are negative. |  |",
        "| warning | failed | public.Summary: An index is missing. |  |",
        "",
        "```sql",
        "-- public.Summary",
        "SELECT 1;",
        "-- public.Summary",
        "SELECT 2;",
        "```",
        "",
        "- Well again: one",
        "- Well again: another",
    ]


def test_of_the_rules_with_one_outcome_errors_come_first() -> None:
    assert report(ODD, PASSED, BROKEN).those(Outcome.FAILED) == (BROKEN, ODD)


@pytest.mark.parametrize(("rows", "more"), [(6, " and 1 more"), (5, ""), (None, "")])
def test_one_key_more_than_are_shown_is_counted(rows: int | None, more: str) -> None:
    many = result("m", Outcome.FAILED, sentence="They break it", rows=rows, keys=tuple("12345"))
    assert report(many).told(many) == f"public.Summary: They break it. Keys: 1, 2, 3, 4, 5{more}."


KEY = CheckResult(
    rule_id="key",
    group="schema",
    subject="public.Summary.key",
    outcome=Outcome.FAILED,
    sql="ALTER TABLE s VALIDATE CONSTRAINT key;",
)


def test_what_is_to_be_pasted_says_which_rows_come_first_where_rows_break_a_rule() -> None:
    """Of this table, and that of a rule on data that was asked and failed; anything else may be pasted at once."""
    first = "First fix the rows of public.Summary that break a rule."
    assert report(KEY, BROKEN).rows_first(KEY) == first
    assert f"-- public.Summary.key. {first.removesuffix('.')}\nALTER TABLE" in report(KEY, BROKEN).markdown()
    other = replace(KEY, sql="CREATE INDEX i ON s (a);")
    for asked, found in (
        (KEY, PASSED),
        (KEY, UNKNOWN),
        (KEY, replace(BROKEN, rows=None)),
        (KEY, replace(BROKEN, group="operation")),
        (other, BROKEN),
        (replace(KEY, group="data"), BROKEN),
    ):
        assert report(asked, found).rows_first(asked) == ""
