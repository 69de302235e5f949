from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from dbops.domain.alerts.alert import Alert, Severity
from dbops.gateways.alerting.alert_mail import alert_mail
from demo.caught_mails import mails_about, wait_for_mails
from demo.stack import CHECKOUT
from demo.summary import print_access, print_mails

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two mails as dbops writes them, about two runs."""
    for number, run in enumerate(("manual__one", "manual__two")):
        alert = Alert(
            severity=Severity.FAILED,
            job="check",
            target="summary_app",
            environment="production",
            headline=f"The rules of {run} are broken.",
            details=("A first one is.",),
            remedy="Put the database right.",
            facts=(("Task", "check"), ("Run", run)),
            link="http://127.0.0.1/log",
        )
        mail = alert_mail(alert, sender="a@b", recipients=["c@d"], sent=NOW, templates=CHECKOUT / "include/email")
        (tmp_path / f"{number}.eml").write_bytes(mail.as_bytes())
    return tmp_path


def test_the_mail_about_a_run_is_found_by_the_run_among_its_facts(folder: Path) -> None:
    [mail] = mails_about(folder, ["manual__two"])

    assert (mail.file.name, mail.subject) == ("1.eml", "[dbops] FAILED check of summary_app (production)")
    assert mails_about(folder, ["manual__"]) == []


def test_its_advice_is_all_of_it_between_the_first_line_and_the_facts(folder: Path) -> None:
    [mail] = mails_about(folder, ["manual__one"])

    headline, *_, link = mail.advice.splitlines()
    assert (headline, link) == ("The rules of manual__one are broken.", "http://127.0.0.1/log")
    assert "WHAT TO DO\nPut the database right.\n" in mail.advice


def test_mails_are_waited_for_until_each_run_has_one_or_the_time_is_over(folder: Path) -> None:
    assert list(wait_for_mails(folder, ["manual__one", "manual__two"], seconds=60)) == []
    assert list(wait_for_mails(folder, ["manual__three"], seconds=-1)) == []
    next(wait_for_mails(folder, ["manual__one", "manual__three"], seconds=60))


def test_mails_are_shown_with_their_files_and_on_demand_in_full(folder: Path) -> None:
    console = Console(file=io.StringIO(), width=160, highlight=False)
    mails = mails_about(folder, ["manual__one"])

    print_mails(console, folder, mails)
    short = console.file.getvalue()  # type: ignore[attr-defined]
    print_mails(console, folder, mails, in_full=True)
    full = console.file.getvalue()  # type: ignore[attr-defined]

    assert "0.eml  [dbops] FAILED check of summary_app (production)" in short
    assert str(folder) in short
    assert "Put the database right." not in short
    assert "    Put the database right." in full


def test_the_last_words_name_the_page_airflow_and_its_users() -> None:
    console = Console(file=io.StringIO(), width=160, highlight=False)

    print_access(
        console,
        url="http://127.0.0.1:1",
        page="http://127.0.0.1:1/plugin/database_ops",
        users={"alice": "pw1"},
        roles={"alice": "user"},
    )

    text = console.file.getvalue()  # type: ignore[attr-defined]
    for expected in ("http://127.0.0.1:1/plugin/database_ops", "alice", "pw1", "user", "make demo-break"):
        assert expected in text
