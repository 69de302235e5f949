"""The probe DAG as Airflow runs it: one mail a run, a digest with a picture or an alert, red where something fails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.postgres import EmbeddedPostgres
from tests.airflow.conftest import Dags, states
from tests.backups import execute
from tests.mail_text import page_of, text_of
from tests.servers import CaughtMail

_PROBE = """-- title: an order by id
-- model: Order
-- budget: 10s
-- samples: 5
-- draw:
--   hit: SELECT id AS number FROM orders ORDER BY id LIMIT 5
SELECT id, total FROM public.orders WHERE id = :number
"""


@pytest.fixture
def shop(database: str, store: Any, bucket_name: str, add_target: Callable[..., None], include: Path) -> str:
    """The URL of a database that Airflow knows as shop and that has a probe."""
    storage = {"bucket": bucket_name, "connection": "store", "s3": {"addressing_style": "path"}}
    add_target("shop", storage=storage)
    execute(
        database,
        "CREATE TABLE orders (id int PRIMARY KEY, total numeric NOT NULL)",
        "INSERT INTO orders SELECT n, n FROM generate_series(1, 50) n",
    )
    folder = include / "sql/shop/probes"
    folder.mkdir(parents=True)
    (folder / "order_by_id.sql").write_text(_PROBE)
    return database


def test_there_is_a_dag_only_where_there_are_probes(
    shop: str, add_target: Callable[..., None], load_dags: Callable[[], Dags]
) -> None:
    add_target("blog")
    dags, errors = load_dags()
    assert errors == {}
    assert "probe__shop" in dags
    assert "probe__blog" not in dags
    timetable: Any = dags["probe__shop"].timetable
    assert int(timetable.expression.removesuffix(" 6 * * 0")) in range(60), (
        "a minute of its own, so that targets on one server do not measure each other"
    )


def test_a_calm_week_is_green_and_its_digest_has_a_picture(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    run = run_dag("probe__shop")

    assert states(run) == {"probe": "success"}
    [ti] = run.get_task_instances()
    assert ti.xcom_pull(task_ids="probe") == {
        "verdict": "ok",
        "operations": 1,
        "failed": 0,
        "slower": 0,
        "over budget": 0,
    }
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] DIGEST probe of shop (production)"
    assert "Order 1/1" in text_of(message)
    assert re.fullmatch(
        r"https://airflow\.example\.com/database_ops/targets/shop/probes/\d{8}T\d{6}Z", page_of(message)
    )
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content().startswith(b"\x89PNG")


@pytest.fixture
def prober(
    shop: str, include: Path, postgres_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The name of a role that the target shop has for its probes."""
    target = include / "targets/shop.yaml"
    target.write_text(json.dumps({**json.loads(target.read_text()), "probes": {"connection": "shop_prober"}}))
    postgres_server.create_role("dag_prober", "word")
    database = str(psycopg.conninfo.conninfo_to_dict(shop)["dbname"])
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_PROBER", postgres_server.url(database, user="dag_prober", password="word"))
    execute(shop, "GRANT SELECT ON orders TO dag_prober")
    yield "dag_prober"
    execute(shop, "DROP OWNED BY dag_prober", "DROP ROLE dag_prober")


def test_operations_are_executed_as_the_role_of_probes_connection(
    prober: str, run_dag: Callable[..., Any], mail: CaughtMail, include: Path
) -> None:
    (include / "sql/shop/probes/who.sql").write_text(
        f"-- title: who\n-- model: Order\n-- budget: 10s\n-- samples: 2\nSELECT 1 / (current_user = '{prober}')::int"
    )
    run = run_dag("probe__shop")

    assert states(run) == {"probe": "success"}
    [message] = mail.messages()
    assert "Order 2/2" in text_of(message)


def test_an_operation_that_fails_is_red_at_once_and_mailed_once(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail, include: Path
) -> None:
    (include / "sql/shop/probes/division.sql").write_text(
        "-- title: a division\n-- model: Order\n-- budget: 1s\n-- samples: 2\nSELECT 1 / (random() * 0)::int"
    )
    run = run_dag("probe__shop")

    assert states(run) == {"probe": "failed"}
    [ti] = run.get_task_instances()
    assert ti.try_number == 1, "what fails is not asked again by a retry"
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] FAILED probe of shop (production)"
    assert "division by zero (22012)" in text_of(message)


def test_a_bad_file_is_told_with_its_line_and_nothing_was_executed(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail, include: Path
) -> None:
    (include / "sql/shop/probes/bad.sql").write_text("-- title: t\n-- model: M\nDROP TABLE orders")
    run = run_dag("probe__shop")

    assert states(run) == {"probe": "failed"}
    [message] = mail.messages()
    text = text_of(message)
    assert "none was executed:" in text
    faults = [line for line in text.splitlines() if "sql/shop/probes/bad.sql:" in line]
    assert [line[:30] for line in faults] == ["- sql/shop/probes/bad.sql:1: b", "- sql/shop/probes/bad.sql:3: D"]
