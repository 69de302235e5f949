"""The restore DAG as Airflow runs it: every step a task, the gate in between, and the mail at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.airflow.conftest import states
from tests.backups import execute
from tests.loading import SHOP
from tests.mail_text import text_of
from tests.servers import CaughtMail

_STEPS = ("plan", "approve_restore", "restore", "analyze", "verify", "swap_or_report")


@pytest.fixture
def shop(
    database: str, store: Any, bucket_name: str, add_target: Callable[..., None], run_dag: Callable[..., Any]
) -> Iterator[str]:
    """The URL of a live database with a backup; restores of it are dropped afterwards."""
    add_target(
        "shop",
        storage={"bucket": bucket_name, "connection": "store", "s3": {"addressing_style": "path"}},
        approvals={"approve": [], "four_eyes": False},
        schedule={"drill": None},
    )
    execute(database, *SHOP)
    assert states(run_dag("backup__shop")) == {"back_up": "success", "expire": "success"}
    yield database
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    with psycopg.connect(database, dbname="postgres", autocommit=True) as connection:
        for (found,) in connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{name}_"]
        ):
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(found)))


def test_beside_runs_through_without_the_gate_of_the_swap(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    run = run_dag("restore", {"target": "shop"})

    done = states(run)
    assert {done[step] for step in (*_STEPS, "report")} == {"success"}
    assert {done[step] for step in ("approve_swap", "swap", "post_check")} == {"skipped"}
    assert run.state == "success"
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] DONE restore of shop (production)"
    assert "point the application at it yourself" in text_of(message)


def test_a_swap_that_asks_nobody_goes_through_to_the_post_check(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    execute(shop, "DELETE FROM crm.orders")

    run = run_dag("restore", {"target": "shop", "mode": "swap"})

    assert set(states(run).values()) == {"success"}
    with psycopg.connect(shop) as connection:
        assert connection.execute("SELECT count(*) FROM crm.orders").fetchall() == [(100,)]
    [message] = mail.messages()
    assert "The old database is kept as" in text_of(message)


def test_what_an_earlier_run_has_loaded_is_swapped_in_without_being_loaded_again(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    assert run_dag("restore", {"target": "shop"}).state == "success"
    name = psycopg.conninfo.conninfo_to_dict(shop)["dbname"]
    with psycopg.connect(shop) as connection:
        query = "SELECT datname, oid FROM pg_database WHERE starts_with(datname, %s)"
        [(loaded, oid)] = connection.execute(query, [f"{name}__restore_"]).fetchall()
    execute(shop, "DELETE FROM crm.orders")

    refused = run_dag("restore", {"target": "shop", "mode": "beside", "loaded": loaded})
    run = run_dag("restore", {"target": "shop", "mode": "swap", "loaded": loaded})

    assert states(refused)["plan"] == "failed"
    assert set(states(run).values()) == {"success"}
    with psycopg.connect(shop) as connection:
        assert connection.execute("SELECT count(*) FROM crm.orders").fetchall() == [(100,)]
        query = "SELECT oid FROM pg_database WHERE datname = %s"
        assert connection.execute(query, [name]).fetchall() == [(oid,)]
    subjects = [message["Subject"] for message in mail.messages()]
    assert subjects == [f"[dbops] {word} restore of shop (production)" for word in ("DONE", "FAILED", "DONE")]


def test_what_stands_in_the_way_ends_the_run_before_anything_is_made(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    run = run_dag("restore", {"target": "shop", "mode": "into", "into": "nowhere"})

    assert states(run)["plan"] == "failed"
    assert states(run)["restore"] == "upstream_failed"
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] FAILED restore of shop (production)"


def test_a_request_that_makes_no_sense_is_not_tried_again(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    run = run_dag("restore", {"target": "shop", "mode": "swap", "tables": ["crm.orders"]})

    [plan] = [ti for ti in run.get_task_instances() if ti.task_id == "plan"]
    assert (plan.state, plan.try_number) == ("failed", 1)
    assert len(mail.messages()) == 1
