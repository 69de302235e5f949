"""One failed run, one e-mail: to the right people, with what happened, what to do, and where to look."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.conftest import set_connection, states
from tests.mail_text import text_of
from tests.servers import CaughtMail

_SECRET = "hunter2-hunter2"


@pytest.fixture
def nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connections shop and store lead to a port that nobody listens on."""
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", f"postgres://backup:{_SECRET}@127.0.0.1:1/shop")
    set_connection(
        monkeypatch,
        "store",
        conn_type="aws",
        login="key",
        password=_SECRET,
        extra={"endpoint_url": "http://127.0.0.1:1", "region_name": "us-east-1"},
    )


@pytest.fixture
def failed(
    nothing_listens: None, add_target: Callable[..., None], run_dag: Callable[..., Any], mail: CaughtMail
) -> tuple[Any, list[EmailMessage]]:
    add_target("shop", alerts={"recipients": ["dba@shop.internal", "boss@shop.internal"]})
    return run_dag("backup__shop"), mail.messages()


def test_a_run_that_fails_after_its_retries_is_mailed_once(failed: tuple[Any, list[EmailMessage]]) -> None:
    run, messages = failed
    attempts = {ti.task_id: ti.try_number for ti in run.get_task_instances()}
    assert states(run) == {"back_up": "failed", "expire": "upstream_failed"}
    assert attempts["back_up"] == 3
    [message] = messages
    assert message["Subject"] == "[dbops] FAILED backup of shop (production)"
    assert message["X-Envelope-To"] == "dba@shop.internal, boss@shop.internal"
    assert message["From"] == "airflow@example.com"
    for kind in ("plain", "html"):
        text = text_of(message, kind)
        assert "127.0.0.1:1" in text
        assert "3 of 3" in text
        assert run.run_id in text
        assert "/dags/backup__shop/runs/manual__" in text
        assert "/tasks/back_up?try_number=3" in text
        assert "https://airflow.example.com/" in text


def test_the_mail_of_a_backup_says_what_is_asked_first_also_where_the_store_does_not_answer(
    failed: tuple[Any, list[EmailMessage]],
) -> None:
    text = " ".join(text_of(failed[1][0], "plain").split())
    assert "Last good backup not known: the store did not answer in time" in text
    assert re.search(r"Next by schedule 20\d\d-\d\d-\d\d 02:00 UTC", text)


def test_what_is_not_tried_again_does_not_sound_as_if_it_were(
    add_target: Callable[..., None], run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    add_target("shop", connection="nowhere")
    run_dag("backup__shop")
    [message] = mail.messages()
    assert "Attempt 1, with no other: a retry would end the same way" in " ".join(text_of(message).split())


def test_a_mailed_failure_leaves_the_mark_that_keeps_the_run_from_mailing_it_again(
    failed: tuple[Any, list[EmailMessage]],
) -> None:
    [ti] = [ti for ti in failed[0].get_task_instances() if ti.task_id == "back_up"]
    assert ti.xcom_pull(task_ids="back_up", key="dbops_mailed") is True


def test_no_secret_is_in_the_mail(failed: tuple[Any, list[EmailMessage]]) -> None:
    for message in failed[1]:
        assert _SECRET not in message.as_string()
        assert _SECRET not in text_of(message, "plain") + text_of(message, "html")


@pytest.mark.usefixtures("nothing_listens", "mail")
def test_no_secret_is_in_the_log(
    add_target: Callable[..., None],
    run_dag: Callable[..., Any],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    add_target("shop")
    run_dag("backup__shop")
    said = "".join(capfd.readouterr()) + caplog.text
    assert "127.0.0.1:1" in said
    assert _SECRET not in said


def test_a_wrong_request_fails_at_once_and_is_mailed(
    add_target: Callable[..., None], run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    add_target("shop")
    run = run_dag("backup__shop")
    assert {ti.task_id: ti.try_number for ti in run.get_task_instances()}["back_up"] == 1
    [message] = mail.messages()
    assert "AIRFLOW_CONN_SHOP" in text_of(message, "plain")


def test_a_broken_mail_server_is_named_in_the_log_with_what_was_to_be_said(
    nothing_listens: None,
    add_target: Callable[..., None],
    run_dag: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_connection(monkeypatch, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1, password=_SECRET)
    add_target("shop")
    with caplog.at_level(logging.ERROR, logger="dbops_airflow"):
        run = run_dag("backup__shop")
    assert run.state == "failed"
    [told] = [record.getMessage() for record in caplog.records if record.name == "dbops_airflow.telling"]
    assert told.startswith("NOT MAILED. The mail server 127.0.0.1:1 ")
    assert "smtp_default" in told
    assert "[dbops] FAILED backup of shop (production)" in told
    assert _SECRET not in caplog.text


def test_a_broken_template_is_named_in_the_log_and_breaks_nothing_else(
    include: Path,
    add_target: Callable[..., None],
    run_dag: Callable[..., Any],
    mail: CaughtMail,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (include / "email").unlink()
    add_target("shop")
    run = run_dag("backup__shop")
    assert run.state == "failed"
    assert mail.messages() == []
    assert any("NOT MAILED, which is a bug" in record.getMessage() for record in caplog.records)


class _KilledTask:
    """A task instance as the DAG processor knows it: no exception, and what it may ask is answered."""

    task_id = "back_up"
    try_number = 3
    max_tries = 2
    start_date = None
    log_url = "https://airflow.example.com/log"

    def __init__(self, marks: list[object]) -> None:
        self.marks = marks

    def xcom_pull(self, **_query: object) -> list[object]:
        return self.marks


class _Dag:
    task_ids = ("back_up", "expire")


@pytest.fixture
def run_mail(add_target: Callable[..., None], environment_secrets: None, mail: CaughtMail) -> Any:
    from dbops.gateways.files.target_files import include_folder, read_targets
    from dbops_airflow.alerts import RunFailureMail

    add_target("shop")
    shop = read_targets(include_folder()).target("shop")
    return RunFailureMail("backup", shop.audience, shop)


def test_a_killed_task_is_mailed_by_the_run(run_mail: Any, mail: CaughtMail) -> None:
    run_mail({"ti": _KilledTask([None, None]), "dag": _Dag(), "run_id": "scheduled__1", "reason": "task_failure"})
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] FAILED backup of shop (production)"
    assert "killed" in text_of(message, "plain")
    assert "https://airflow.example.com/log" in text_of(message, "plain")


def test_a_failure_that_the_task_has_mailed_is_not_mailed_by_the_run(run_mail: Any, mail: CaughtMail) -> None:
    run_mail({"ti": _KilledTask([True, None]), "dag": _Dag(), "run_id": "scheduled__1", "reason": "task_failure"})
    assert mail.messages() == []


def test_a_run_of_which_nothing_but_its_name_is_known_is_mailed_too(run_mail: Any, mail: CaughtMail) -> None:
    run_mail({"dag": _Dag(), "run_id": "scheduled__1", "reason": "timed_out"})
    [message] = mail.messages()
    assert "scheduled__1" in text_of(message, "plain")


def test_a_task_that_was_stopped_leaves_the_mail_to_its_run(run_mail: Any, mail: CaughtMail) -> None:
    from dbops_airflow.alerts import TaskFailureMail

    task_mail: Any = TaskFailureMail("backup", run_mail.audience, run_mail.target)
    task_mail({"ti": _KilledTask([]), "exception": SystemExit("stopped"), "run_id": "scheduled__1"})
    task_mail({"ti": _KilledTask([]), "run_id": "scheduled__1"})
    assert mail.messages() == []
