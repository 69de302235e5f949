"""Alerts reach whatever Airflow's notifiers reach, and none of the ways stands in another's."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from demo.seaweed import SeaweedS3
from tests.airflow.conftest import Dags, set_connection, states
from tests.airflow.webhook import Webhook, running_webhook
from tests.mail_text import text_of
from tests.servers import CaughtMail

if TYPE_CHECKING:
    from dbops_airflow.mailed import Mailed

_SECRET = "hunter2-hunter2"
_HTTP = "airflow.providers.http.notifications.http.HttpNotifier"
_HOOK = {
    "class": _HTTP,
    "http_conn_id": "pager",
    "endpoint": "alerts/{{ alert.target }}",
    "headers": {"Authorization": "Bearer {{ conn.pager.password }}"},
    "json": {"summary": "{{ alert.subject }}", "text": "{{ alert.text }}", "key": "{{ alert.key }}"},
}


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """A webhook that Airflow knows as pager; and "nowhere", which leads to a port that nobody listens on."""
    set_connection(monkeypatch, "nowhere", conn_type="http", host="127.0.0.1", port=1, password=_SECRET)
    with running_webhook() as running:
        set_connection(
            monkeypatch, "pager", conn_type="http", host="127.0.0.1", port=running.port, schema="http", password=_SECRET
        )
        yield running


@pytest.fixture
def describe(include: Path) -> Callable[..., None]:
    """Writes include/notifiers.yaml; keywords are its notifiers."""

    def write(**notifiers: Any) -> None:
        (include / "notifiers.yaml").write_text(json.dumps(notifiers, indent=1), encoding="utf-8")

    return write


@pytest.fixture
def shop(add_target: Callable[..., None], store: SeaweedS3, bucket_name: str) -> Callable[..., None]:
    """Adds the target shop, which has a bucket and no database."""

    def add(*notify: str, **alerts: Any) -> None:
        add_target(
            "shop",
            storage={"bucket": bucket_name, "connection": "store"},
            alerts={"recipients": ["dba@shop.internal"], "notify": list(notify), **alerts},
        )

    return add


@pytest.fixture
def watch(run_dag: Callable[..., Any], store: SeaweedS3, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the watch once, without a mail server where it cannot mail; it remembers nothing of other tests."""
    from dbops_airflow import watch_memory

    monkeypatch.setattr(watch_memory, "_MAILED", f"mailed-{id(monkeypatch)}")
    monkeypatch.setattr(watch_memory, "_KNOWN", f"known-{id(monkeypatch)}")
    monkeypatch.setattr(watch_memory, "_TAKEN", f"taken-{id(monkeypatch)}")

    def run(*, can_mail: bool = True) -> Any:
        with monkeypatch.context() as broken:
            if not can_mail:
                set_connection(broken, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
            return run_dag("watch")

    return run


@pytest.fixture
def telling_watch(watch: Callable[[], Any], capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Runs the watch once; the answer is its log."""

    def run() -> str:
        capfd.readouterr()
        watch()
        return "".join(capfd.readouterr())

    return run


@pytest.fixture
def fail(run_dag: Callable[..., Any], mail: CaughtMail, caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Lets the backup of shop fail, whose database no connection leads to; the answer is what dbops has logged."""

    def run() -> str:
        with caplog.at_level(logging.INFO):
            assert states(run_dag("backup__shop")) == {"back_up": "failed", "expire": "upstream_failed"}
        return "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("dbops_airflow"))

    return run


def test_a_failed_run_reaches_a_webhook_and_the_mailbox_once(
    hook: Webhook, describe: Any, shop: Any, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    describe(oncall=_HOOK)
    shop("oncall")
    assert states(run_dag("backup__shop")) == {"back_up": "failed", "expire": "upstream_failed"}
    [body], [message] = hook.received, mail.messages()
    assert body["summary"] == message["Subject"] == "[dbops] FAILED backup of shop (production)"
    assert "AIRFLOW_CONN_SHOP" in body["text"]
    assert "https://airflow.example.com/dags/backup__shop/runs/" in body["text"]
    assert body["key"] == "dbops/shop/backup"
    assert hook.paths == ["/alerts/shop"]
    assert hook.headers[0]["Authorization"] == f"Bearer {_SECRET}"


def test_who_names_no_recipients_is_reached_by_the_notifier_alone(
    hook: Webhook, describe: Any, shop: Any, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    describe(oncall=_HOOK)
    shop("oncall", recipients=[])
    run = run_dag("backup__shop")
    assert len(hook.received) == 1
    assert mail.messages() == []
    [ti] = [ti for ti in run.get_task_instances() if ti.task_id == "back_up"]
    assert ti.xcom_pull(task_ids="back_up", key="dbops_mailed") is True


def test_a_notifier_hears_only_what_it_wants_to(
    hook: Webhook, describe: Any, shop: Any, fail: Callable[[], str]
) -> None:
    describe(oncall={**_HOOK, "only": ["missing"]}, chat={**_HOOK, "endpoint": "chat", "only": ["failed"]})
    shop("oncall", "chat")
    fail()
    assert hook.paths == ["/chat"]


def test_a_notifier_that_fails_hinders_neither_the_mail_nor_the_others_and_is_told_of(
    hook: Webhook, describe: Any, shop: Any, fail: Callable[[], str], mail: CaughtMail
) -> None:
    describe(
        gone={**_HOOK, "http_conn_id": "nowhere"},
        absent={"class": "no.such.module.Pager"},
        undefined={**_HOOK, "http_conn_id": "nobody_defines_this", "headers": {}},
        oncall=_HOOK,
    )
    shop("gone", "absent", "undefined", "undescribed", "oncall")
    told = fail()
    assert len(hook.received) == len(mail.messages()) == 1
    for name in ("gone", "absent", "undefined", "undescribed"):
        assert f"NOT NOTIFIED. {name}: " in told
    assert "there is no module no. Install its provider" in told
    assert "Notified oncall of [dbops] FAILED backup of shop (production)" in told
    assert _SECRET not in told


def test_a_notifier_that_does_not_answer_is_given_up_on(
    hook: Webhook, describe: Any, shop: Any, fail: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops_airflow import notifying

    monkeypatch.setattr(notifying, "_PATIENCE_SECONDS", 0.2)
    hook.answers.clear()
    describe(oncall=_HOOK)
    shop("oncall")
    told = fail()
    assert "NOT NOTIFIED. oncall: It did not answer in time." in told
    assert "Mailed [dbops] FAILED backup of shop (production) to dba@shop.internal" in told


def test_what_a_provider_says_of_its_failure_is_in_no_line_of_the_log(
    describe: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    from dbops.domain.alerts.alert import Alert, Severity
    from dbops.domain.alerts.audience import Audience
    from dbops_airflow.telling import tell

    described = {"class": "tests.airflow.leaky_notifier.LeakyNotifier", "token": f"{{{{ alert.job }}}}-{_SECRET[:7]}"}
    describe(oncall=described)
    alert = Alert(severity=Severity.FAILED, job="backup", headline="It failed.")
    with caplog.at_level(logging.DEBUG):
        assert tell(alert, Audience(notify=("oncall",)), {}).refused == ("oncall",)
    records = (f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    said = "".join([*capfd.readouterr(), *records])
    assert "NOT NOTIFIED. oncall: It failed with ValueError; see the log." in said
    assert "in notify" in said  # where it failed
    assert "backup-hunter2" not in said


@pytest.mark.usefixtures("environment_secrets")
def test_where_no_thread_can_be_started_the_mail_goes_out_all_the_same(
    describe: Any, shop: Any, mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops.domain.alerts.alert import Alert, Severity
    from dbops.domain.alerts.audience import Audience
    from dbops_airflow.telling import Told, tell

    def full(thread: threading.Thread) -> None:
        raise RuntimeError(f"can't start new thread {thread.name}")

    describe(oncall=_HOOK)
    shop("oncall")
    alert = Alert(severity=Severity.FAILED, job="backup", target="shop", headline="It failed.")
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", full)
        told = tell(alert, Audience(("dba@shop.internal",), ("oncall",)), {})
    assert told == Told(True, refused=("oncall",))
    assert len(mail.messages()) == 1


def test_a_store_that_does_not_answer_is_not_waited_for(
    hook: Webhook, describe: Any, shop: Any, fail: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops_airflow import notifying

    monkeypatch.setattr(notifying, "_KEEPING_SECONDS", 0.2)
    hook.status = 500  # only what was not taken is kept for the watch
    describe(oncall=_HOOK)
    shop("oncall")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        set_connection(
            monkeypatch,
            "store",
            conn_type="aws",
            login="key",
            password=_SECRET,
            extra={"endpoint_url": f"http://127.0.0.1:{silent.getsockname()[1]}", "region_name": "us-east-1"},
        )
        told = fail()
    assert len(hook.received) == 1
    assert "The watch will not know whether this was delivered: the store does not answer." in told


def test_a_broken_mail_server_neither_keeps_the_notifier_from_telling_nor_makes_it_tell_twice(
    hook: Webhook, describe: Any, shop: Any, run_dag: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_connection(monkeypatch, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
    describe(oncall=_HOOK)
    shop("oncall")
    run = run_dag("backup__shop")
    assert len(hook.received) == 1
    [ti] = [ti for ti in run.get_task_instances() if ti.task_id == "back_up"]
    assert ti.xcom_pull(task_ids="back_up", key="dbops_mailed") is True


def test_what_a_notifier_took_is_only_mailed_again_while_the_mail_server_is_broken(
    hook: Webhook, describe: Any, shop: Any, watch: Callable[..., Any], mail: CaughtMail
) -> None:
    describe(oncall=_HOOK)
    shop("oncall")
    for _ in range(2):
        assert states(watch(can_mail=False)) == {"watch": "failed"}
    assert states(watch()) == {"watch": "success"}
    told = [body["summary"] for body in hook.received]
    assert told.count("[dbops] MISSING backup of shop (production)") == 1
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] MISSING backup of shop (production)"


@pytest.mark.usefixtures("environment_secrets")
def test_a_problem_that_comes_beside_one_that_waits_for_its_mail_reaches_the_notifier_alone_and_one_mail_has_both(
    hook: Webhook, describe: Any, shop: Any, mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops.domain.watch.problem import ProblemKind, problem_of
    from dbops.gateways.files.target_files import include_folder, read_targets
    from dbops_airflow.problem_mails import mail_problems

    describe(oncall=_HOOK)
    shop("oncall")
    targets = read_targets(include_folder()).targets
    late, small = (
        problem_of(targets["shop"], kind, f"It has the problem: {kind}.", "Look.")
        for kind in (ProblemKind.LATE, ProblemKind.SHRUNK)
    )
    context: Any = {"run_id": "r1", "ti": SimpleNamespace(log_url="https://airflow.example.com/log")}
    with monkeypatch.context() as broken:
        set_connection(broken, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
        first = mail_problems([late], targets, context, taken=[], remember=lambda _: None)
    assert first.unsent == first.taken == {late.key}
    second = mail_problems([late, small], targets, context, taken=first.taken, remember=lambda _: None)
    assert second.unsent == second.taken == set()
    assert ["is late" in body["text"] for body in hook.received] == [True, False]
    assert ["too small" in body["text"] for body in hook.received] == [False, True]
    [message] = mail.messages()
    assert "is late" in text_of(message, "plain")
    assert "too small" in text_of(message, "plain")


@pytest.mark.usefixtures("environment_secrets")
def test_that_nothing_can_be_remembered_keeps_no_alert_from_being_told(
    add_target: Callable[..., None], mail: CaughtMail, caplog: pytest.LogCaptureFixture
) -> None:
    from dbops.domain.watch.problem import ProblemKind, problem_of
    from dbops.gateways.files.target_files import include_folder, read_targets
    from dbops_airflow.problem_mails import mail_problems

    for name in ("blog", "shop"):
        add_target(name)
    targets = read_targets(include_folder()).targets
    late = [problem_of(targets[name], ProblemKind.LATE, "It is late.", "Look.") for name in ("blog", "shop")]
    remembered = []

    def remember(mailed: Mailed) -> None:
        remembered.append(sorted(mailed.unsent))
        raise RuntimeError(f"postgresql://alice:{_SECRET}@metadata")

    context: Any = {"run_id": "r1", "ti": SimpleNamespace(log_url="https://airflow.example.com/log")}
    assert mail_problems(late, targets, context, taken=[], remember=remember).unsent == set()
    subjects = sorted(str(one["Subject"]) for one in mail.messages())
    assert subjects == [f"[dbops] MISSING backup of {name} (production)" for name in ("blog", "shop")]
    assert remembered == [[late[1].key]]
    assert "is reported again if this watch does not finish: an unexpected RuntimeError" in caplog.text
    assert _SECRET not in caplog.text


@pytest.mark.usefixtures("mail", "environment_secrets")
def test_a_killed_task_reaches_the_notifier_by_way_of_the_dag_processor(
    hook: Webhook, describe: Any, shop: Any
) -> None:
    from dbops.gateways.files.target_files import include_folder, read_targets
    from dbops_airflow.alerts import RunFailureMail

    describe(oncall=_HOOK)
    shop("oncall")
    target = read_targets(include_folder()).target("shop")
    tell_of_it: Any = RunFailureMail("backup", target.audience, target)
    tell_of_it({"run_id": "scheduled__1", "reason": "timed_out"})
    [body] = hook.received
    assert body["summary"] == "[dbops] FAILED backup of shop (production)"
    assert "killed" in body["text"]
    assert hook.headers[0]["Authorization"] == f"Bearer {_SECRET}"


def test_what_is_missing_reaches_the_notifier_through_the_watch(
    hook: Webhook, describe: Any, shop: Any, watch: Callable[[], Any], mail: CaughtMail
) -> None:
    describe(oncall=_HOOK)
    shop("oncall")
    watch()
    watch()
    assert [body["summary"] for body in hook.received] == ["[dbops] MISSING backup of shop (production)"]
    assert len(mail.messages()) == 1


@pytest.mark.parametrize("takes_another", [False, True], ids=["alone", "then_another_taken"])
def test_an_alert_that_a_notifier_did_not_take_is_told_by_the_watch_until_it_takes_one(
    hook: Webhook,
    describe: Any,
    shop: Any,
    fail: Callable[[], str],
    telling_watch: Callable[[], str],
    *,
    takes_another: bool,
) -> None:
    describe(oncall=_HOOK)
    shop("oncall")
    hook.status = 500
    fail()
    hook.status = 200
    if takes_another:
        fail()
    hook.received.clear()
    telling_watch()
    [body] = hook.received
    assert 'The notifier oncall did not take "[dbops] FAILED backup of shop (production)"' in body["text"]
    assert "No longer: shop: alert was not taken: oncall" in telling_watch()


def test_the_watch_is_red_where_nobody_but_a_notifier_is_to_be_told_and_it_refuses(
    hook: Webhook, describe: Any, shop: Any, watch: Callable[[], Any]
) -> None:
    describe(oncall=_HOOK)
    shop("oncall", recipients=[])
    hook.status = 500
    assert states(watch()) == {"watch": "failed"}
    hook.status = 200
    hook.received.clear()
    assert states(watch()) == {"watch": "success"}
    assert "no good backup of shop" in hook.received[0]["text"]


def test_who_has_nobody_but_a_notifier_that_does_not_want_to_hear_of_it_has_chosen_so(
    hook: Webhook, describe: Any, shop: Any, watch: Callable[[], Any]
) -> None:
    describe(oncall={**_HOOK, "only": ["approval"]})
    shop("oncall", recipients=[])
    assert states(watch()) == {"watch": "success"}
    assert hook.received == []


def test_a_notifier_that_cannot_be_made_is_told_before_it_is_needed_and_leaves_every_dag_alone(
    describe: Any, shop: Any, watch: Callable[[], Any], mail: CaughtMail, load_dags: Callable[[], Dags]
) -> None:
    describe(
        oncall={"class": _HTTP, "jsn": {"text": "x"}},
        chat={"class": "airflow.providers.http.notifications.http.HttpNotifer"},
        pager={"class": "airflow.providers.pagerduty.notifications.pagerduty.PagerdutyNotifier"},
    )
    shop("oncall", "telegraph")
    dags, errors = load_dags()
    assert "backup__shop" in dags
    assert set(errors) == {"target_faults.py"}
    for words in (
        'notifiers.yaml:4: oncall: HttpNotifier takes no jsn. Did you mean "json"?',
        'notifiers.yaml:9: chat.class: airflow.providers.http.notifications.http has no HttpNotifer. Did you mean "Htt',
        "notifiers.yaml:12: pager.class: there is no module airflow.providers.pagerduty here",
        'targets/shop.yaml:13: alerts.notify names "telegraph"',
    ):
        assert words in errors["target_faults.py"]
    watch()
    [message] = [one for one in mail.messages() if one["Subject"] == "[dbops] FAILED reading of include/targets"]
    told = " ".join(text_of(message, "plain").split())
    for words in ("unexpected keyword argument 'jsn'", "has no HttpNotifer", "no module airflow.providers.pagerduty"):
        assert words in told
    assert "mails are still sent" in told
