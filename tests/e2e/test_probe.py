"""Probes through Airflow: the sample's sixteen operations are timed, mailed with a picture, and leave no trace."""

from __future__ import annotations

import pytest

from tests.e2e.browser import Browser
from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack
from tests.mail_text import page_of, text_of


@pytest.fixture(scope="module")
def probed(alice: Rest) -> Run:
    """A run of the probes that has ended green."""
    run = alice.trigger("probe__summary_app")
    run.wait("success")
    return run


def test_the_mail_has_every_model_and_a_picture(stack: RunningStack, probed: Run) -> None:
    [mail] = stack.mails(probed.run_id)
    assert mail["Subject"].startswith("[dbops] ")
    assert mail["Subject"].endswith(" probe of summary_app (production)")
    text = " ".join(text_of(mail, "plain").split())
    for passed in ("User 3/3", "Summary 4/4", "UsageEvent 3/3", "Category/Tag 2/2", "ShareLink 1/1", "pooling 1/1"):
        assert passed in text
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"].strip("<>") in text_of(mail, "html")


def test_its_mail_leads_to_the_report_with_its_charts(stack: RunningStack, probed: Run, browser: Browser) -> None:
    [mail] = stack.mails(probed.run_id)
    browser.open(page_of(mail))
    browser.click("a", "Log in")
    browser.log_in("viewer")
    browser.see("summary_app", "User")
    browser.screenshot("report")
    pictures = browser.ask("[...document.images].map(image => image.naturalWidth)")
    assert pictures
    assert all(width > 0 for width in pictures)


def test_what_was_measured_lies_in_the_bucket_with_a_page_and_the_two_indexes_that_the_sample_lacks(
    stack: RunningStack, probed: Run
) -> None:
    runs = [key for key in stack.keys("summary_app/probes/") if key.count("/") == 2]
    [kept] = [found for key in runs if (found := stack.read_json(key))["run"] == probed.run_id]
    assert len(kept["results"]) == 16
    assert {one["name"] for one in kept["proposals"]} <= {
        "Summary_userId_createdAt_idx",
        "UsageEvent_userId_createdAt_idx",
    }
    page = kept["page"].removeprefix(f"s3://{stack.demo.storage.bucket}/")
    assert b"<html" in stack.read(page).lower()


def test_no_row_was_left_and_no_secret_told(stack: RunningStack, probed: Run) -> None:
    left = stack.ask("summary_app", """SELECT count(*) FROM "Summary" WHERE "createdAt" > now() AT TIME ZONE 'UTC'""")
    assert left[0][0] == 0
    log = probed.log("probe")
    assert [secret for secret in stack.secrets() if secret in log] == []
    assert set(probed.xcoms("probe")["return_value"]) == {"verdict", "operations", "failed", "slower", "over budget"}
