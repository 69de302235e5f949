"""The check DAG as Airflow runs it: red where a rule is broken, one mail for it, and one when it is over."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.conftest import Dags, set_connection, states
from tests.backups import execute
from tests.mail_text import page_of, text_of
from tests.servers import CaughtMail

_ORDERS = """
table: public.orders
expectations:
  - type: expect_rows_to_satisfy
    kwargs: {condition: 'total > 0'}
    meta: {description: an order costs something}
"""


@pytest.fixture
def shop(database: str, store: Any, bucket_name: str, add_target: Callable[..., None], include: Path) -> str:
    """The URL of a database that Airflow knows as shop and that has rules."""
    from dbops.domain.servers.address import DatabaseAddress
    from dbops.gateways.files.target_files import read_targets
    from dbops.jobs.checks.baseline import baseline

    storage = {"bucket": bucket_name, "connection": "store", "s3": {"addressing_style": "path"}}
    add_target("shop", storage=storage)
    execute(
        database,
        "CREATE TABLE orders (id int PRIMARY KEY, total numeric NOT NULL)",
        "INSERT INTO orders SELECT n, n FROM generate_series(1, 50) n",
    )
    target = read_targets(include).target("shop")
    baseline(target, DatabaseAddress.from_url(database), include=include, clock=lambda: datetime.now(UTC))
    (include / "expectations/shop/orders.yaml").write_text(_ORDERS)
    return database


def test_there_is_a_dag_only_where_there_are_rules(
    add_target: Callable[..., None], load_dags: Callable[[], Dags], include: Path
) -> None:
    add_target("shop")
    add_target("blog")
    (include / "expectations/shop").mkdir(parents=True)
    dags, errors = load_dags()
    assert errors == {}
    assert "check__shop" in dags
    assert "check__blog" not in dags


def test_a_database_that_obeys_is_green_and_mails_nobody(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    run = run_dag("check__shop")

    assert states(run) == {"check": "success"}
    [ti] = run.get_task_instances()
    assert ti.xcom_pull(task_ids="check")["verdict"] == "ok"
    assert mail.messages() == []


def test_a_broken_rule_is_red_once_mailed_once_and_mailed_again_when_it_is_well(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail, caplog: pytest.LogCaptureFixture
) -> None:
    execute(shop, "UPDATE orders SET total = -1 WHERE id IN (7, 8)")
    with caplog.at_level(logging.INFO):
        run = run_dag("check__shop")

    assert states(run) == {"check": "failed"}
    [ti] = run.get_task_instances()
    assert ti.try_number == 1, "what is broken is not asked again by a retry"
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] FAILED check of shop (production)"
    text = text_of(message)
    assert "Keys: 7, 8" in text
    assert "orders.yaml" in text
    assert re.fullmatch(
        r"https://airflow\.example\.com/database_ops/targets/shop/checks/\d{8}T\d{6}Z", page_of(message)
    )

    execute(shop, "UPDATE orders SET total = 1")
    assert states(run_dag("check__shop")) == {"check": "success"}
    assert mail.messages()[-1]["Subject"] == "[dbops] RECOVERED check of shop (production)"


def test_what_a_mail_server_that_is_away_did_not_take_is_mailed_by_the_watch(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops_airflow import watch_memory

    monkeypatch.setattr(watch_memory, "_MAILED", f"mailed-{id(monkeypatch)}")
    execute(shop, "UPDATE orders SET total = -1 WHERE id IN (7, 8)")
    with monkeypatch.context() as away:
        set_connection(away, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
        assert states(run_dag("check__shop")) == {"check": "failed"}
    assert mail.messages() == []

    run_dag("watch")
    told = [text for text in map(text_of, mail.messages()) if "[dbops] FAILED check of shop (production)" in text]
    assert len(told) == 1
    assert "The mail server did not take" in told[0]
    monkeypatch.setattr(watch_memory, "_MAILED", f"forgotten-{id(monkeypatch)}")
    run_dag("watch")
    assert "The mail server did not take" not in text_of(mail.messages()[-1])


def test_a_failure_that_nobody_was_reached_with_is_told_once_more_by_the_callback(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops.errors import MailFailed
    from dbops_airflow import telling

    send = telling._send
    refused: list[Any] = []

    def refuse_once(*asked: Any) -> None:
        if not refused:
            refused.append(asked)
            raise MailFailed("The mail server did not answer.", "Try again.")
        send(*asked)

    monkeypatch.setattr(telling, "_send", refuse_once)
    execute(shop, "UPDATE orders SET total = -1 WHERE id IN (7, 8)")
    assert states(run_dag("check__shop")) == {"check": "failed"}
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] FAILED check of shop (production)"


def test_a_warning_is_mailed_and_stays_green(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail, include: Path
) -> None:
    suite = include / "expectations/shop/orders.yaml"
    suite.write_text(_ORDERS.replace("meta: {", "meta: {severity: warning, "))
    execute(shop, "UPDATE orders SET total = -1 WHERE id = 7")

    assert states(run_dag("check__shop")) == {"check": "success"}
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] WARNING check of shop (production)"
