"""Checks through Airflow: green with warnings, red with a mail of rules and keys, and no value of a row anywhere."""

from __future__ import annotations

import json

import pytest

from tests.e2e import checked
from tests.e2e.browser import Browser
from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack
from tests.mail_text import page_of, text_of

_INDEXES = ("Summary_userId_createdAt_idx", "UsageEvent_userId_createdAt_idx")


@pytest.fixture(scope="module")
def runs(alice: Rest) -> tuple[Run, Run]:
    """The checks of the sample application and of a database that is broken, which alice starts at the same time."""
    return alice.trigger("check__summary_app"), alice.trigger(f"check__{checked.NAME}")


@pytest.fixture(scope="module")
def warned(runs: tuple[Run, Run]) -> Run:
    """Checks that have ended green; the application obeys, and lacks two indexes that would do it good."""
    runs[0].wait("success")
    return runs[0]


@pytest.fixture(scope="module")
def failed(runs: tuple[Run, Run]) -> Run:
    """Checks that have ended red."""
    runs[1].wait("failed")
    return runs[1]


def test_the_sample_is_green_and_its_mail_has_the_statements_for_the_indexes_it_lacks(
    stack: RunningStack, warned: Run
) -> None:
    [mail] = stack.mails(warned.run_id)
    assert mail["Subject"] == "[dbops] WARNING check of summary_app (production)"
    for kind in ("plain", "html"):
        text = " ".join(text_of(mail, kind).replace("&#34;", '"').split())
        assert "2 rules of summary_app are broken" in text
        assert "These are only warnings." in text
        assert f"{stack.demo.url}/dags/check__summary_app/runs/" in text
        for index in _INDEXES:
            assert f'CREATE INDEX CONCURRENTLY "{index}"' in text


def test_its_mail_leads_through_the_login_to_the_rules_that_are_broken(
    stack: RunningStack, failed: Run, browser: Browser
) -> None:
    [mail] = stack.mails(failed.run_id)
    browser.open(page_of(mail))
    browser.see("You are not logged in")
    browser.click("a", "Log in")
    browser.log_in("viewer")
    shown = browser.see("To look at", "Rules that hold")
    browser.screenshot("checks")
    [key] = [key for key in stack.keys(f"{checked.NAME}/checks/") if stack.read_json(key)["run"] == failed.run_id]
    bad = [one for one in stack.read_json(key)["results"] if one["outcome"] != "passed"]
    assert bad
    assert [one["sentence"] for one in bad if " ".join(one["sentence"].split()) not in " ".join(shown.split())] == []


def test_the_xcom_has_the_verdict_and_three_numbers(warned: Run) -> None:
    value = warned.xcoms("check")["return_value"]
    assert set(value) == {"verdict", "passed", "failed", "could not evaluate"}
    assert (value["verdict"], value["failed"], value["could not evaluate"]) == ("warning", 2, 0)
    assert value["passed"] > 80


def test_what_was_found_and_the_data_docs_lie_in_the_bucket(stack: RunningStack, warned: Run) -> None:
    [key] = [key for key in stack.keys("summary_app/checks/") if stack.read_json(key)["run"] == warned.run_id]
    kept = stack.read_json(key)
    bad = {result["rule_id"] for result in kept["results"] if result["outcome"] != "passed"}
    assert bad == {f"recommended_index:public.{index.partition('_')[0]}.{index}" for index in _INDEXES}
    assert kept["rows"]["public.Summary"] == stack.ask("summary_app", 'SELECT count(*) FROM "Summary"')[0][0]
    site = kept["docs"].removeprefix(f"s3://{stack.demo.storage.bucket}/")
    assert b"<html" in stack.read(site).lower()
    assert any(page.endswith("/public.Summary.html") for page in stack.keys(site.removesuffix("index.html")))
    assert kept["docs"] in text_of(stack.mails(warned.run_id)[0], "plain")


def test_what_is_broken_is_red_at_once_and_one_mail_names_rules_and_keys(stack: RunningStack, failed: Run) -> None:
    assert failed.task("check")["try_number"] == 1
    [mail] = stack.mails(failed.run_id)
    assert mail["Subject"] == "[dbops] FAILED check of checked (production)"
    text = " ".join(text_of(mail, "plain").split())
    for told in ("nobody is owed anything: 3 rows break it", "a customer is called so: 3 rows break it"):
        assert f"{told}. Keys: 4711, 4712, 4713. [expectations/checked/customers.yaml:" in text
    assert 'Warning: public.customers: could not evaluate "a credit is none"' in text
    assert "Rules 1 passed, 2 failed, 1 could not evaluate" in text


def test_the_log_has_the_statement_that_shows_the_rows(stack: RunningStack, failed: Run) -> None:
    _, _, block = failed.log("check").partition("```sql")
    statement = block.partition("-- public.customers\n")[2].partition(";")[0]
    assert {row[0] for row in stack.ask(checked.NAME, statement)} == {4711, 4712, 4713}


def test_no_value_of_a_row_and_no_secret_leaves_the_database(stack: RunningStack, warned: Run, failed: Run) -> None:
    shown = [json.dumps([run.log("check"), run.xcoms("check"), run.task("check")]) for run in (warned, failed)]
    shown += [log.read_text(encoding="utf-8", errors="replace") for log in stack.logs.rglob("*.log")]
    shown += [
        mail.as_string() + text_of(mail, "plain") + text_of(mail, "html")
        for run in (warned, failed)
        for mail in stack.mails(run.run_id)
    ]
    kept = [*stack.keys("summary_app/checks/"), *stack.keys("checked/checks/"), *stack.keys("checked/docs/")]
    shown += [stack.read(key).decode(errors="replace") for key in kept]
    assert any("nobody is owed anything" in text for text in shown)
    words = [*stack.secrets(), checked.VALUE, "271.828"]
    assert [word for word in words if any(word in text for text in shown)] == []
