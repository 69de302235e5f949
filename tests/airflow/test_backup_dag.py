"""The DAG backup__<target> on a real database, a real S3 server and a real mail server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from demo.seaweed import SeaweedS3
from tests.airflow.conftest import set_connection, states
from tests.mail_text import page_of, text_of
from tests.servers import CaughtMail

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@pytest.fixture
def shop(database: str, store: SeaweedS3, bucket_name: str, add_target: Callable[..., None]) -> Callable[[str], None]:
    """The target shop over a database with a table; answers with a way to run SQL in it."""

    def run(sql: str) -> None:
        connection = psycopg2.connect(database)
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
        connection.close()

    run("CREATE TABLE orders AS SELECT id, repeat(md5(id::text), 20) AS note FROM generate_series(1, 2000) AS id")
    add_target(
        "shop",
        storage={"bucket": bucket_name, "connection": "store", "prefix": "team"},
        retention={"last": 1, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 2},
    )
    return run


@pytest.fixture
def backups(s3_client: S3Client, bucket_name: str) -> Callable[[], list[str]]:
    """The ids of the finished backups in the bucket."""

    def ids() -> list[str]:
        listed = s3_client.list_objects_v2(Bucket=bucket_name, Prefix="team/shop/backups/").get("Contents", [])
        return [item["Key"].split("/")[3] for item in listed if item["Key"].endswith("/manifest.json")]

    return ids


def _xcom(run: Any, task_id: str) -> Any:
    [ti] = [ti for ti in run.get_task_instances() if ti.task_id == task_id]
    return ti.xcom_pull(task_ids=task_id)


def test_a_run_leaves_a_backup_says_its_id_and_mails_nobody(
    shop: Callable[[str], None],
    run_dag: Callable[..., Any],
    backups: Callable[[], list[str]],
    mail: CaughtMail,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = run_dag("backup__shop")
    assert states(run) == {"back_up": "success", "expire": "success"}
    [backup_id] = backups()
    assert _xcom(run, "back_up") == backup_id
    assert mail.messages() == []
    assert f"Backup {backup_id} of shop: 1 table, 2,000 rows" in capfd.readouterr().out


def test_the_manifest_says_which_run_made_it(
    shop: Callable[[str], None], run_dag: Callable[..., Any], s3_client: S3Client, bucket_name: str
) -> None:
    run = run_dag("backup__shop")
    folder = f"team/shop/backups/{_xcom(run, 'back_up')}/"
    claim = json.loads(s3_client.get_object(Bucket=bucket_name, Key=f"{folder}started.json")["Body"].read())
    assert claim["run"] == run.run_id


def test_retention_deletes_unless_the_form_said_dry_run(
    shop: Callable[[str], None], run_dag: Callable[..., Any], backups: Callable[[], list[str]]
) -> None:
    for _ in range(2):
        run_dag("backup__shop")
    oldest = backups()[0]
    assert states(run_dag("backup__shop", {"dry_run": True})) == {"back_up": "success", "expire": "success"}
    assert len(backups()) == 3
    run_dag("backup__shop", {"dry_run": False})
    assert len(backups()) == 2
    assert oldest not in backups()


def test_a_backup_that_shrank_is_green_and_mailed_as_a_warning(
    shop: Callable[[str], None], run_dag: Callable[..., Any], backups: Callable[[], list[str]], mail: CaughtMail
) -> None:
    for _ in range(3):
        run_dag("backup__shop")
    assert mail.messages() == []
    shop("DELETE FROM orders WHERE id > 10")
    run = run_dag("backup__shop")
    assert run.state == "success"
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] WARNING backup of shop (production)"
    assert "/tasks/back_up" in text_of(message)
    assert page_of(message) == f"https://airflow.example.com/database_ops/targets/shop/backups/{backups()[-1]}"


def test_a_backup_that_fails_names_the_last_good_one_and_the_next_green_run_says_that_it_is_over(
    shop: Callable[[str], None],
    run_dag: Callable[..., Any],
    backups: Callable[[], list[str]],
    mail: CaughtMail,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow import last_good

    monkeypatch.setattr(last_good, "_PATIENCE_SECONDS", 60.0)  # however busy this machine is
    run_dag("backup__shop")
    [first] = backups()
    with monkeypatch.context() as away:
        away.setenv("AIRFLOW_CONN_SHOP", "postgres://backup@127.0.0.1:1/shop")
        failed = run_dag("backup__shop")
    run_dag("backup__shop")
    second = backups()[-1]
    run_dag("backup__shop")

    told, over = mail.messages()
    assert told["Subject"] == "[dbops] FAILED backup of shop (production)"
    assert f"{first}, " in text_of(told, "plain")
    assert "old, not proven yet" in text_of(told, "plain")
    assert over["Subject"] == "[dbops] RECOVERED backup of shop (production)"
    assert f"The backup {second} of shop is done." in text_of(over, "plain")
    assert failed.run_id in text_of(over, "plain")


def test_a_broken_mail_server_leaves_a_shrunken_backup_green(
    shop: Callable[[str], None],
    run_dag: Callable[..., Any],
    backups: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_connection(monkeypatch, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
    for _ in range(3):
        run_dag("backup__shop")
    shop("DELETE FROM orders WHERE id > 10")
    assert states(run_dag("backup__shop")) == {"back_up": "success", "expire": "success"}
    assert any(record.getMessage().startswith("NOT MAILED. ") for record in caplog.records)


def test_progress_is_logged_every_few_seconds_however_often_the_job_tells(caplog: pytest.LogCaptureFixture) -> None:
    from dbops_airflow import progress_log

    caplog.set_level("INFO", logger=progress_log.__name__)
    seconds = [second for second in range(11) for _ in range(10)]
    log = progress_log.ProgressLog(clock=map(float, seconds).__next__)
    for second in seconds:
        log(_At(second))
    assert [record.getMessage() for record in caplog.records] == ["at 0", "at 5", "at 10"]


class _At:
    def __init__(self, second: int) -> None:
        self.second = second

    def sentence(self) -> str:
        return f"at {self.second}"
