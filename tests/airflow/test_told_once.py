"""What a backup's task has told of that backup, the watch tells again only as it repeats whatever lasts."""

from __future__ import annotations

import json
from collections import Counter
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
_SOON = timedelta(minutes=11)  # no watch leaves anything of that backup to its task


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
def small_unmailed(small: Callable[[], Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The same while the mail server is away."""

    def run() -> None:
        with monkeypatch.context() as away:
            set_connection(away, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
            small()

    return run


@pytest.fixture
def kept(s3_client: S3Client, bucket_name: str) -> Callable[[], list[str]]:
    """The keys of what is kept for the watch."""

    def keys() -> list[str]:
        listed = s3_client.list_objects_v2(Bucket=bucket_name, Prefix="shop/notifications/").get("Contents", [])
        return [item["Key"] for item in listed]

    return keys


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets the watch look at its clock so much later."""
    from dbops_airflow import watch_operator

    return lambda after: monkeypatch.setattr(watch_operator, "utc_now", lambda: now() + after)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store keeps no word of what tasks tell."""
    from dbops.gateways.store import told_backups

    def refused(*_: Any) -> None:
        raise OSError("no route to the store")

    monkeypatch.setattr(told_backups, "put_told_backup", refused)


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


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the store was asked for what lies in the folder of notifications."""
    from dbops.gateways.s3 import S3Bucket

    counted: Counter[str] = Counter()

    def counting(verb: str) -> Callable[..., Any]:
        real = getattr(S3Bucket, verb)

        def ask(bucket: S3Bucket, key: str) -> Any:
            if "/notifications/" in key:
                counted[f"{verb} {key}"] += 1
            return real(bucket, key)

        return ask

    for verb in ("list", "get"):
        monkeypatch.setattr(S3Bucket, verb, counting(verb))
    return counted


@pytest.mark.usefixtures("mail")
def test_what_tasks_have_left_for_it_the_watch_lists_once_and_reads_once(
    small: Callable[[], Any], watch: Callable[..., Any], kept: Callable[[], list[str]], asked: Counter[str]
) -> None:
    small()
    [told] = kept()
    asked.clear()
    watch()
    assert asked == {"list shop/notifications/": 1, f"get {told}": 1}


def test_a_day_later_it_is_repeated_by_the_watch(
    small: Callable[[], Any],
    watch: Callable[..., Any],
    mail: CaughtMail,
    later: Callable[[timedelta], None],
) -> None:
    small()
    watch()
    later(timedelta(hours=24))
    watch()
    assert subjects(mail) == [_WARNING, _WARNING]
    assert "Repeated" in text_of(mail.messages()[-1])


def test_where_no_watch_ran_for_a_day_the_first_one_repeats_it(
    small: Callable[[], Any],
    watch: Callable[..., Any],
    mail: CaughtMail,
    kept: Callable[[], list[str]],
    later: Callable[[timedelta], None],
) -> None:
    small()
    later(timedelta(hours=24))
    watch()
    assert subjects(mail) == [_WARNING, _WARNING]
    assert kept() == []


def test_what_the_task_could_not_mail_the_watch_mails_as_soon_as_it_is_not_on_its_way(
    small_unmailed: Callable[[], None],
    watch: Callable[..., Any],
    mail: CaughtMail,
    later: Callable[[timedelta], None],
) -> None:
    small_unmailed()
    assert mail.messages() == []
    later(_SOON)
    watch()
    [message] = mail.messages()
    text = " ".join(text_of(message).split())
    assert "smaller than the 1.0 TiB of alerts.smaller_than" in text
    assert "The mail server did not take" in text


def test_where_the_store_keeps_no_word_of_it_the_watch_tells_it_again(
    small: Callable[[], Any],
    watch: Callable[..., Any],
    mail: CaughtMail,
    later: Callable[[timedelta], None],
    forgetful: None,
) -> None:
    assert states(small())["back_up"] == "success"
    later(_SOON)
    watch()
    assert subjects(mail) == [_WARNING, _WARNING]


def test_a_watch_right_after_a_backup_leaves_it_to_the_task_and_the_next_one_tells_what_nobody_has(
    small: Callable[[], Any],
    watch: Callable[..., Any],
    mail: CaughtMail,
    later: Callable[[timedelta], None],
    forgetful: None,
) -> None:
    small()
    watch()
    assert subjects(mail) == [_WARNING], "the one of the task, of which the watch knows nothing yet"
    for _ in range(2):
        later(timedelta(hours=1))
        watch()
    assert subjects(mail) == [_WARNING, _WARNING]


def test_a_watch_that_comes_before_the_tasks_mail_leaves_it_to_the_task(
    small: Callable[[], Any],
    watch: Callable[..., Any],
    mail: CaughtMail,
    later: Callable[[timedelta], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow import alerts

    mailing: list[Any] = []
    with monkeypatch.context() as slow:
        slow.setattr(alerts, "mail_backup_warnings", lambda *asked: mailing.append(asked))
        small()
    watch()
    assert mail.messages() == []
    [asked] = mailing
    alerts.mail_backup_warnings(*asked)
    later(timedelta(hours=1))
    watch()
    assert subjects(mail) == [_WARNING]


@pytest.fixture
def forge(s3_client: S3Client, bucket_name: str) -> Callable[[], None]:
    """Says in the bucket that people had been told of another backup, and of something else."""
    said = {"backup_id": "20200101T000000Z", "moment": now().isoformat(), "key": "shop: alert was not taken"}
    key = "shop/notifications/_told/20200101T000000Z.json"
    return lambda: s3_client.put_object(Bucket=bucket_name, Key=key, Body=json.dumps(said).encode()) and None


def test_nobody_silences_anything_else_by_what_lies_there(
    small_unmailed: Callable[[], None],
    watch: Callable[..., Any],
    mail: CaughtMail,
    forge: Callable[[], None],
    later: Callable[[timedelta], None],
) -> None:
    small_unmailed()
    forge()
    later(_SOON)
    watch()
    [message] = mail.messages()
    text = " ".join(text_of(message).split())
    assert "smaller than the 1.0 TiB of alerts.smaller_than" in text
    assert "The mail server did not take" in text
