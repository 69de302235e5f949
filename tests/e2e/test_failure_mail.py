"""A backup that fails is one mail, whose link leads to the log; a mail server that is gone changes no task's state."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.browser import Browser
from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack
from tests.e2e.waiting import eventually
from tests.mail_text import text_of


@pytest.fixture(scope="module")
def failed(stack: RunningStack, alice: Rest) -> Run:
    """A run that has failed at each of its attempts: nobody listens where its database should be."""
    run = alice.trigger("backup__unreachable")
    for attempt in (1, 2):
        eventually(lambda: run.states()["back_up"] == "up_for_retry", f"attempt {attempt} waiting for the next")
        assert stack.mails(run.run_id) == []
        stack.pass_retry_delay(run)
        eventually(lambda: run.states()["back_up"] != "up_for_retry", f"the attempt after {attempt}")
    run.wait("failed")
    stack.wait_for_callback(run)
    return run


def test_three_failed_attempts_are_one_mail_that_says_what_and_where(stack: RunningStack, failed: Run) -> None:
    assert failed.states() == {"back_up": "failed", "expire": "upstream_failed"}
    [mail] = stack.mails(failed.run_id)
    assert mail["Subject"] == "[dbops] FAILED backup of unreachable (production)"
    assert mail["X-Envelope-To"] == "dba@shop.internal, boss@shop.internal"
    for kind in ("plain", "html"):
        text = text_of(mail, kind)
        assert "Connection refused" in text
        assert "3 of 3" in text
        assert f"{stack.demo.url}/dags/backup__unreachable/runs/" in text
        assert [secret for secret in stack.secrets() if secret in text] == []


def test_the_link_in_the_mail_leads_through_the_login_to_the_log(
    stack: RunningStack, failed: Run, browser: Browser
) -> None:
    [mail] = stack.mails(failed.run_id)
    link = re.search(r"http://\S+", text_of(mail, "plain"))
    assert link is not None
    browser.open(link.group())
    browser.log_in("alice")
    shown = browser.see("back_up", "Try Number\n3", "Connection refused. Start the server")
    browser.screenshot("log")
    assert [secret for secret in stack.secrets() if secret in shown] == []


@pytest.fixture
def no_mail_server(stack: RunningStack) -> Iterator[None]:
    """Nothing listens where the mail server was."""
    stack.demo.mail.stop()
    yield
    stack.demo.mail.start()


@pytest.mark.usefixtures("no_mail_server")
def test_without_a_mail_server_a_backup_with_warnings_is_green_and_its_log_says_not_mailed(alice: Rest) -> None:
    run = alice.trigger("backup__shrunken")
    run.wait("success")
    log = run.log("back_up")
    assert "NOT MAILED. The mail server 127.0.0.1:" in log
    assert "[dbops] WARNING backup of shrunken (production)" in log


@pytest.mark.usefixtures("no_mail_server")
def test_without_a_mail_server_a_failed_backup_is_red_and_its_log_says_not_mailed(
    stack: RunningStack, alice: Rest
) -> None:
    run = alice.trigger("backup__unknown")
    run.wait("failed")
    log = run.log("back_up")
    assert 'The Airflow connection "nobody_defined_it" is not defined' in log
    assert "NOT MAILED. The mail server 127.0.0.1:" in log
    assert "[dbops] FAILED backup of unknown (production)" in log
    stack.wait_for_callback(run)


def test_a_warning_is_mailed_beside_a_green_run(stack: RunningStack, alice: Rest) -> None:
    run = alice.trigger("backup__shrunken")
    run.wait("success")
    [mail] = stack.mails(run.run_id)
    assert mail["Subject"] == "[dbops] WARNING backup of shrunken (production)"
    assert "smaller than the 1.0 TiB of alerts.smaller_than" in text_of(mail, "html")
