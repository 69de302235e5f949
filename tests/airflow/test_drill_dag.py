"""The DAG drill__<target> on a real backup, a real S3 server, a server of its own and a real mail server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from demo.seaweed import SeaweedS3
from tests.airflow.conftest import Dags, states
from tests.mail_text import text_of
from tests.servers import CaughtMail

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@pytest.fixture
def backed_up(
    database: str, store: SeaweedS3, bucket_name: str, add_target: Callable[..., None], run_dag: Callable[..., Any]
) -> Callable[[], str]:
    """Makes a backup of the target shop by its DAG and gives its id."""
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE orders AS SELECT id, md5(id::text) AS note FROM generate_series(1, 500) AS id")
    connection.close()
    add_target("shop", storage={"bucket": bucket_name, "connection": "store", "prefix": "team"})

    def back_up() -> str:
        run = run_dag("backup__shop")
        assert run.state == "success"
        return str(xcom(run, "back_up"))

    return back_up


@pytest.fixture
def damage(s3_client: S3Client, bucket_name: str) -> Callable[[str], None]:
    """Flips a bit in the largest file of a backup."""

    def flip(backup_id: str) -> None:
        listed = s3_client.list_objects_v2(Bucket=bucket_name, Prefix=f"team/shop/backups/{backup_id}/")["Contents"]
        key = max((item for item in listed if item["Key"].endswith(".dat.zst")), key=lambda item: item["Size"])["Key"]
        body = bytearray(s3_client.get_object(Bucket=bucket_name, Key=key)["Body"].read())
        body[len(body) // 2] ^= 1
        s3_client.put_object(Bucket=bucket_name, Key=key, Body=bytes(body))

    return flip


@pytest.fixture
def verdict(s3_client: S3Client, bucket_name: str) -> Callable[[str], dict[str, Any]]:
    """The verification of a backup."""

    def read(backup_id: str) -> dict[str, Any]:
        key = f"team/shop/verifications/{backup_id}.json"
        found: dict[str, Any] = json.loads(s3_client.get_object(Bucket=bucket_name, Key=key)["Body"].read())
        return found

    return read


def xcom(run: Any, task_id: str) -> Any:
    [ti] = [ti for ti in run.get_task_instances() if ti.task_id == task_id]
    return ti.xcom_pull(task_ids=task_id)


def test_a_run_proves_the_newest_backup_and_the_next_one_has_nothing_to_do(
    backed_up: Callable[[], str],
    run_dag: Callable[..., Any],
    verdict: Callable[[str], dict[str, Any]],
    mail: CaughtMail,
    capfd: pytest.CaptureFixture[str],
) -> None:
    backup_id = backed_up()

    run = run_dag("drill__shop")

    assert states(run) == {"drill": "success"}
    assert xcom(run, "drill") == backup_id
    assert f"Backup {backup_id} of shop is proven: 1 table, 500 rows" in capfd.readouterr().out
    proof = verdict(backup_id)
    assert (proof["ok"], proof["kind"], proof["run"]) == (True, "drill", run.run_id)

    again = run_dag("drill__shop")

    assert states(again) == {"drill": "success"}
    assert xcom(again, "drill") is None
    assert "the newest backup has its verdict" in capfd.readouterr().out
    assert mail.messages() == []


def test_the_trigger_form_can_ask_for_a_drill_and_for_a_backup(
    backed_up: Callable[[], str], run_dag: Callable[..., Any], verdict: Callable[[str], dict[str, Any]]
) -> None:
    older, newest = backed_up(), backed_up()

    forced = run_dag("drill__shop", {"force": True})
    chosen = run_dag("drill__shop", {"backup": older})

    assert xcom(forced, "drill") == newest
    assert xcom(chosen, "drill") == older
    assert verdict(older)["run"] == chosen.run_id


@pytest.mark.parametrize("backup", ["yesterday's", "20200101T000000Z", "20261126", "1e3"])
def test_a_backup_that_there_is_not_is_a_red_run_without_a_second_try(
    backed_up: Callable[[], str], run_dag: Callable[..., Any], mail: CaughtMail, backup: str
) -> None:
    run = run_dag("drill__shop", {"backup": backup})

    assert states(run) == {"drill": "failed"}
    assert [ti.try_number for ti in run.get_task_instances()] == [1]
    [message] = mail.messages()
    assert backup in text_of(message)


def test_a_backup_that_is_not_what_it_says_is_a_red_run_and_one_mail_and_the_next_that_is_proven_another(
    backed_up: Callable[[], str],
    run_dag: Callable[..., Any],
    damage: Callable[[str], None],
    verdict: Callable[[str], dict[str, Any]],
    mail: CaughtMail,
) -> None:
    bad = backed_up()
    damage(bad)

    run = run_dag("drill__shop")

    assert states(run) == {"drill": "failed"}
    assert [ti.try_number for ti in run.get_task_instances()] == [1]
    assert verdict(bad)["ok"] is False
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] FAILED drill of shop (production)"
    assert f"Backup {bad} of shop FAILED its drill" in text_of(message)
    assert "Make a new backup now" in text_of(message)

    better = backed_up()
    recovered = run_dag("drill__shop")

    assert recovered.state == "success"
    assert xcom(recovered, "drill") == better
    over = mail.messages()[1]
    assert over["Subject"] == "[dbops] RECOVERED drill of shop (production)"
    assert f"The backup {better} of shop is proven." in text_of(over)


@pytest.fixture
def dags(add_target: Callable[..., None], load_dags: Callable[[], Dags]) -> dict[str, Any]:
    add_target("shop", timezone="Europe/Vienna", schedule={"drill": "30 6 * * *"})
    add_target("blog", schedule={"drill": None})
    found, errors = load_dags()
    assert errors == {}
    return found


def test_a_drill_is_started_by_the_arrival_of_a_backup_and_by_time(dags: dict[str, Any]) -> None:
    from airflow.sdk import AssetOrTimeSchedule

    assert isinstance(dags["drill__shop"].timetable, AssetOrTimeSchedule)
    schedule: Any = dags["drill__shop"].timetable
    assert (schedule.timetable.expression, str(schedule.timetable.timezone)) == ("30 6 * * *", "Europe/Vienna")
    awaited = [asset.uri for asset in schedule.asset_condition.objects]
    made = [asset.uri for asset in dags["backup__shop"].get_task("back_up").outlets]
    assert awaited == made == ["x-dbops://shop/backup"]


def test_airflow_takes_that_schedule(dags: dict[str, Any]) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    read = DagSerialization.from_dict(DagSerialization.to_dict(dags["drill__shop"]))
    assert read.timetable.summary == "Asset or 30 6 * * *"


def test_without_a_schedule_a_drill_only_starts_by_hand(dags: dict[str, Any]) -> None:
    assert dags["drill__blog"].schedule is None


def test_the_trigger_form_asks_for_nothing_unless_told(dags: dict[str, Any]) -> None:
    params = dags["drill__shop"].params
    assert {name: params.get_param(name).value for name in params} == {"force": False, "backup": None}
    assert all(params.get_param(name).description for name in params)
