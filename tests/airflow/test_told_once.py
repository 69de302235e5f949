"""What a backup's task has told of that backup, the watch tells again only as it repeats whatever lasts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from demo.seaweed import SeaweedS3
from tests.airflow.conftest import set_connection, states
from tests.clock import now
from tests.mail_text import text_of
from tests.servers import CaughtMail

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_WARNING = "[dbops] WARNING backup of shop (production)"


@pytest.fixture
def watch(run_dag: Callable[..., Any], store: SeaweedS3, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the watch once; it remembers nothing of other tests."""
    from dbops_airflow import watch_memory

    for kept in ("_MAILED", "_TAKEN", "_KNOWN"):
        monkeypatch.setattr(watch_memory, kept, f"{kept}-{id(monkeypatch)}")
    return lambda: run_dag("watch")


@pytest.fixture
def small(
    database: str, store: SeaweedS3, bucket_name: str, add_target: Callable[..., None], run_dag: Callable[..., Any]
) -> Callable[[], Any]:
    """Makes a backup of a target that is smaller than its file allows."""
    storage = {"bucket": bucket_name, "connection": "store"}
    alerts = {"recipients": ["dba@shop.internal"], "smaller_than": "1TiB"}
    add_target("shop", storage=storage, alerts=alerts, schedule={"drill": None, "check": None, "probe": None})
    return lambda: run_dag("backup__shop")


@pytest.fixture
def kept(s3_client: S3Client, bucket_name: str) -> Callable[[], list[str]]:
    """The keys of what is kept for the watch."""

    def keys() -> list[str]:
        listed = s3_client.list_objects_v2(Bucket=bucket_name, Prefix="shop/notifications/").get("Contents", [])
        return [item["Key"] for item in listed]

    return keys


def subjects(mail: CaughtMail) -> list[str]:
    return [message["Subject"] for message in mail.messages()]


def test_a_backup_that_is_too_small_is_told_by_its_task_and_not_again_within_the_hour(
    small: Callable[[], Any], watch: Callable[..., Any], mail: CaughtMail, kept: Callable[[], list[str]]
) -> None:
    small()
    assert subjects(mail) == [_WARNING]
    for _ in range(2):
        assert states(watch()) == {"watch": "success"}
    assert subjects(mail) == [_WARNING]
    assert kept() == [], "what the watch has heard of is its own to remember"


def test_a_day_later_it_is_repeated_by_the_watch(
    small: Callable[[], Any],
    watch: Callable[..., Any],
    mail: CaughtMail,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow import watch_operator

    small()
    watch()
    monkeypatch.setattr(watch_operator, "utc_now", lambda: now() + timedelta(hours=24))
    watch()
    assert subjects(mail) == [_WARNING, _WARNING]
    assert "Repeated" in text_of(mail.messages()[-1])


def test_where_no_watch_ran_for_a_day_the_first_one_repeats_it(
    small: Callable[[], Any],
    watch: Callable[..., Any],
    mail: CaughtMail,
    kept: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow import watch_operator

    small()
    monkeypatch.setattr(watch_operator, "utc_now", lambda: now() + timedelta(hours=24))
    watch()
    assert subjects(mail) == [_WARNING, _WARNING]
    assert kept() == []


def test_what_the_task_could_not_mail_the_watch_mails_at_once(
    small: Callable[[], Any], watch: Callable[..., Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        set_connection(away, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
        small()
    assert mail.messages() == []
    watch()
    [message] = mail.messages()
    text = " ".join(text_of(message).split())
    assert "smaller than the 1.0 TiB of alerts.smaller_than" in text
    assert "The mail server did not take" in text


def test_where_the_store_keeps_no_word_of_it_the_watch_tells_it_again(
    small: Callable[[], Any], watch: Callable[..., Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops.gateways.store import told_backups

    def refused(*_: Any) -> None:
        raise OSError("no route to the store")

    monkeypatch.setattr(told_backups, "put_told_backup", refused)
    assert states(small())["back_up"] == "success"
    watch()
    assert subjects(mail) == [_WARNING, _WARNING]


@pytest.fixture
def forge(s3_client: S3Client, bucket_name: str) -> Callable[[], None]:
    """Says in the bucket that people had been told of another backup, and of something else."""
    said = {"backup_id": "20200101T000000Z", "moment": now().isoformat(), "key": "shop: alert was not taken"}
    key = "shop/notifications/_told/20200101T000000Z.json"
    return lambda: s3_client.put_object(Bucket=bucket_name, Key=key, Body=json.dumps(said).encode()) and None


def test_nobody_silences_anything_else_by_what_lies_there(
    small: Callable[[], Any],
    watch: Callable[..., Any],
    mail: CaughtMail,
    forge: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as away:
        set_connection(away, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
        small()
    forge()
    watch()
    [message] = mail.messages()
    text = " ".join(text_of(message).split())
    assert "smaller than the 1.0 TiB of alerts.smaller_than" in text
    assert "The mail server did not take" in text
