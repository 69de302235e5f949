"""A failure that people were told of is told to be over, once, whatever kind of run failed and whichever ends well."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from demo.seaweed import SeaweedS3
from tests.airflow.conftest import set_connection, states
from tests.mail_text import text_of
from tests.servers import CaughtMail

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_FAILED = "[dbops] FAILED backup of shop (production)"
_RECOVERED = "[dbops] RECOVERED backup of shop (production)"


@pytest.fixture
def shop(
    database: str,
    store: SeaweedS3,
    bucket_name: str,
    add_target: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow import recovery

    # Two seconds are for a store that is gone: that this machine has much else to do is not what is tested.
    monkeypatch.setattr(recovery, "_KEEPING_SECONDS", 60.0)
    add_target("shop", storage={"bucket": bucket_name, "connection": "store"})


@pytest.fixture
def green(shop: None, run_dag: Callable[..., Any]) -> Callable[..., Any]:
    """Runs the DAG of the backup to a good end."""

    def run(**options: Any) -> Any:
        done = run_dag("backup__shop", **options)
        assert states(done) == {"back_up": "success", "expire": "success"}
        return done

    return run


@pytest.fixture
def red(shop: None, run_dag: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs it while nobody listens where the database was."""

    def run(**options: Any) -> Any:
        with monkeypatch.context() as away:
            away.setenv("AIRFLOW_CONN_SHOP", "postgres://backup@127.0.0.1:1/shop")
            done = run_dag("backup__shop", **options)
        assert states(done)["back_up"] == "failed"
        return done

    return run


@pytest.fixture
def note(s3_client: S3Client, bucket_name: str) -> Callable[[], dict[str, Any]]:
    """What lies in the bucket of the last failure."""

    def read() -> dict[str, Any]:
        found = s3_client.get_object(Bucket=bucket_name, Key="shop/notifications/_failed/backup.json")
        said: dict[str, Any] = json.loads(found["Body"].read())
        return said

    return read


@pytest.fixture
def no_note(monkeypatch: pytest.MonkeyPatch) -> Callable[[], pytest.MonkeyPatch]:
    """The store takes no word of a failure until this is undone."""
    from dbops.gateways.store import told_failures

    def refused(*_: Any) -> None:
        raise OSError("no route to the store")

    def refuse() -> pytest.MonkeyPatch:
        away = pytest.MonkeyPatch()
        away.setattr(told_failures, "put_told_failure", refused)
        return away

    return refuse


def subjects(mail: CaughtMail) -> list[str]:
    return [message["Subject"] for message in mail.messages()]


@pytest.mark.parametrize("options", [{}, {"logical_date": None}], ids=["of a schedule", "of an asset or by hand"])
def test_a_red_run_without_a_logical_date_is_told_to_be_over_by_whichever_run_is_green(
    red: Callable[..., Any], green: Callable[..., Any], mail: CaughtMail, options: dict[str, Any]
) -> None:
    green()
    failed = red(logical_date=None)
    green(**options)
    green(**options)
    assert subjects(mail) == [_FAILED, _RECOVERED]
    assert failed.run_id in text_of(mail.messages()[1], "plain")


def test_what_a_run_by_hand_has_told_the_next_by_schedule_does_not_tell_again(
    red: Callable[..., Any], green: Callable[..., Any], mail: CaughtMail
) -> None:
    red()
    green(logical_date=None)
    green(logical_date=None)
    green()
    assert subjects(mail) == [_FAILED, _RECOVERED]


def test_a_run_that_was_cleared_and_is_green_says_that_its_own_failure_is_over(
    red: Callable[..., Any], green: Callable[..., Any], mail: CaughtMail
) -> None:
    green()
    failed = red()
    # Airflow clears the run of that moment first, and runs it again under its own name.
    again = green(logical_date=failed.logical_date, run_after=failed.run_after)
    assert again.run_id == failed.run_id
    green()
    assert subjects(mail) == [_FAILED, _RECOVERED]
    assert "about what failed in this run before" in " ".join(text_of(mail.messages()[1], "plain").split())


def test_of_several_failures_the_end_is_told_once(
    red: Callable[..., Any], green: Callable[..., Any], mail: CaughtMail
) -> None:
    red()
    red(logical_date=None)
    green()
    green()
    assert subjects(mail) == [_FAILED, _FAILED, _RECOVERED]


def test_a_failure_after_one_that_is_over_is_told_and_is_over_again(
    red: Callable[..., Any], green: Callable[..., Any], mail: CaughtMail
) -> None:
    for _ in range(2):
        red()
        green()
    assert subjects(mail) == [_FAILED, _RECOVERED] * 2


def test_what_reached_nobody_leaves_no_word(
    red: Callable[..., Any], mail: CaughtMail, note: Callable[..., Any], s3_client: S3Client
) -> None:
    with pytest.MonkeyPatch.context() as away:
        set_connection(away, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
        red()
    with pytest.raises(s3_client.exceptions.NoSuchKey):
        note()


def test_an_end_that_reached_nobody_is_told_by_the_next_green_run(
    red: Callable[..., Any], green: Callable[..., Any], mail: CaughtMail, note: Callable[[], dict[str, Any]]
) -> None:
    red()
    with pytest.MonkeyPatch.context() as away:
        set_connection(away, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
        green()
    assert note()["is_over"] is False
    green()
    green()
    assert subjects(mail) == [_FAILED, _RECOVERED]
    assert note()["is_over"] is True


def test_where_the_store_took_no_word_of_the_failure_airflow_is_asked_and_the_end_told_once(
    red: Callable[..., Any], green: Callable[..., Any], mail: CaughtMail, no_note: Callable[[], pytest.MonkeyPatch]
) -> None:
    away = no_note()
    failed = red()
    away.undo()
    green(logical_date=None)
    green(logical_date=None)
    green()
    assert subjects(mail) == [_FAILED, _RECOVERED]
    assert failed.run_id in text_of(mail.messages()[1], "plain")


def test_and_so_it_is_where_an_older_failure_is_over(
    red: Callable[..., Any], green: Callable[..., Any], mail: CaughtMail, no_note: Callable[[], pytest.MonkeyPatch]
) -> None:
    red()
    green()
    away = no_note()
    failed = red()
    away.undo()
    green()
    green()
    assert subjects(mail) == [_FAILED, _RECOVERED] * 2
    assert failed.run_id in text_of(mail.messages()[3], "plain")


def test_a_word_that_cannot_be_read_is_none(
    green: Callable[..., Any], mail: CaughtMail, s3_client: S3Client, bucket_name: str
) -> None:
    s3_client.put_object(Bucket=bucket_name, Key="shop/notifications/_failed/backup.json", Body=b'{"run": "other"}')
    green()
    assert mail.messages() == []


@pytest.fixture
def run_fails(shop: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What the DAG processor does after a run of which no task could mail, in a process without a supervisor."""

    def call(run_id: str) -> None:
        from airflow.sdk.execution_time import supervisor
        from airflow.secrets.environment_variables import EnvironmentVariablesBackend

        from dbops.gateways.files.target_files import include_folder, read_targets
        from dbops_airflow.alerts import RunFailureMail

        target = read_targets(include_folder()).target("shop")
        told: Any = RunFailureMail("backup", target.audience, target)
        with monkeypatch.context() as outside:
            outside.setattr(supervisor, "ensure_secrets_backend_loaded", lambda: [EnvironmentVariablesBackend()])
            told({"dag": SimpleNamespace(task_ids=()), "run_id": run_id, "reason": "task_failure"})

    return call


def test_a_killed_task_of_which_the_run_told_is_told_to_be_over_too(
    run_fails: Callable[[str], None],
    green: Callable[..., Any],
    mail: CaughtMail,
    note: Callable[[], dict[str, Any]],
) -> None:
    run_fails("asset_triggered__1")
    assert (note()["run"], note()["is_over"]) == ("asset_triggered__1", False)
    green()
    green()
    assert subjects(mail) == [_FAILED, _RECOVERED]
    assert "asset_triggered__1" in text_of(mail.messages()[1], "plain")


def test_the_watch_makes_nothing_of_it(
    red: Callable[..., Any], green: Callable[..., Any], run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    red()
    green()
    assert states(run_dag("watch")) == {"watch": "success"}
    assert subjects(mail)[:2] == [_FAILED, _RECOVERED]
    assert not [subject for subject in subjects(mail)[2:] if "alert" in subject or "RECOVERED" in subject]


def test_all_that_a_failed_task_waits_for_ends_before_airflow_kills_its_process() -> None:
    from airflow.sdk.configuration import conf

    from dbops_airflow import last_good, notifying, recovery

    waits = (last_good._PATIENCE_SECONDS, notifying._PATIENCE_SECONDS, notifying._KEEPING_SECONDS)
    assert sum(waits) + recovery._KEEPING_SECONDS < conf.getfloat("core", "task_success_overtime")
