"""The migrate DAG as Airflow runs it: every step a task, the gate in between, and the mail at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.airflow.conftest import states
from tests.backups import execute
from tests.drills import public_folder
from tests.mail_text import text_of
from tests.servers import CaughtMail

_INIT = """CREATE TABLE orders (
    id integer NOT NULL,
    placed date,
    CONSTRAINT orders_pkey PRIMARY KEY (id)
);
"""
_INDEX = "CREATE INDEX CONCURRENTLY orders_placed_idx ON orders (placed);\n"
_PROBE = """-- title: the orders of a day
-- model: Order
-- budget: 10s
-- samples: 5
SELECT count(*) FROM public.orders WHERE placed = date '2026-11-22'
"""


@pytest.fixture
def target(store: Any, bucket_name: str, add_target: Callable[..., None], include: Path) -> Iterator[None]:
    """A target with a probe and two migrations: its baseline, and an index."""
    with public_folder() as place:
        add_target(
            "shop",
            storage={"bucket": bucket_name, "connection": "store", "s3": {"addressing_style": "path"}},
            approvals={"approve": []},
            schedule={"drill": None},
            drill={"directory": str(place)},
            restore={"disk_size": "1TiB"},
        )
        for name, text in {
            "migrations/0_init/migration.sql": _INIT,
            "migrations/1_index/migration.sql": _INDEX,
            "migrations/migration_lock.toml": 'provider = "postgresql"\n',
            "probes/orders_of_a_day.sql": _PROBE,
        }.items():
            file = include / "sql/shop" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        yield


@pytest.fixture
def shop(target: None, database: str, run_dag: Callable[..., Any]) -> str:
    """The URL of its database, which was pushed, and of which there is a backup."""
    execute(database, _INIT, "INSERT INTO orders SELECT n, date '2026-01-01' + n FROM generate_series(1, 5000) n")
    assert states(run_dag("backup__shop")) == {"back_up": "success", "expire": "success"}
    return database


def ledger(url: str) -> list[tuple[Any, ...]]:
    """Each row's migration, whether it is finished, and how many steps it took; empty where there is no ledger."""
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('_prisma_migrations')").fetchone() == (None,):
            return []
        return connection.execute(
            "SELECT migration_name, finished_at IS NOT NULL, applied_steps_count FROM _prisma_migrations ORDER BY 1"
        ).fetchall()


def plain(mail: CaughtMail) -> str:
    """The text of the last mail, on one line."""
    return " ".join(text_of(mail.messages()[-1]).split())


def test_a_pushed_database_gets_its_baseline_and_its_index_and_a_mail_says_so(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    run = run_dag("migrate", {"target": "shop"})

    assert set(states(run).values()) == {"success"}
    assert ledger(shop) == [("0_init", True, 0), ("1_index", True, 1)]
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] DONE migrate of shop (production)"
    told = plain(mail)
    for words in (
        "shop is migrated: 0_init is marked as applied, 1 migration applied, and checked.",
        "The new index orders_placed_idx is used by orders_of_a_day.",
        "was made right before",
        "now by orders_placed_idx",
    ):
        assert words in told

    again = run_dag("migrate", {"target": "shop"})

    done = states(again)
    assert (again.state, done["report"]) == ("success", "success")
    assert {done[step] for step in ("approve", "back_up", "apply", "post_check", "migrated")} == {"skipped"}
    assert "There is nothing to migrate in shop" in plain(mail)


def test_a_migration_that_fails_is_red_and_tried_once_and_leaves_the_table_as_it_was(
    shop: str, include: Path, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    execute(shop, "INSERT INTO orders VALUES (0, NULL)")
    (include / "sql/shop/migrations/1_index/migration.sql").write_text(
        "-- squawk-ignore adding-not-nullable-field\nALTER TABLE orders ALTER placed SET NOT NULL;\n"
    )

    run = run_dag("migrate", {"target": "shop"})

    [apply] = [ti for ti in run.get_task_instances() if ti.task_id == "apply"]
    assert (run.state, apply.state, apply.try_number) == ("failed", "failed", 1)
    done = states(run)
    assert {done[step] for step in ("post_check", "report", "migrated")} == {"upstream_failed"}
    assert ledger(shop) == [("0_init", True, 0), ("1_index", False, 0)]
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] FAILED migrate of shop (production)"
    told = plain(mail)
    assert "The migration of shop failed." in told
    assert "The schema was compared object by object, and is as it was before." in told


def test_a_migration_under_which_an_operation_breaks_is_red_though_it_is_applied(
    shop: str, include: Path, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    (include / "sql/shop/migrations/1_index/migration.sql").write_text(
        "-- squawk-ignore renaming-column\nALTER TABLE orders RENAME placed TO day;\n"
    )

    run = run_dag("migrate", {"target": "shop"})

    done = states(run)
    assert (run.state, done["apply"], done["post_check"], done["report"]) == (
        *("failed", "success", "failed", "upstream_failed"),
    )
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] FAILED migrate of shop (production)"
    told = plain(mail)
    assert "The probe orders_of_a_day worked before, and fails now" in told
    assert "What was applied stays applied." in told


def test_what_stands_in_the_way_ends_the_run_before_anybody_is_asked(
    shop: str, run_dag: Callable[..., Any], mail: CaughtMail
) -> None:
    execute(shop, "ALTER TABLE orders ADD by_hand int")

    run = run_dag("migrate", {"target": "shop"})

    done = states(run)
    assert (done["plan"], done["approve"], done["apply"]) == ("failed", "upstream_failed", "upstream_failed")
    assert ledger(shop) == []
    assert "by_hand" in plain(mail)


def test_behind_a_gate_that_was_marked_as_success_nothing_is_applied(
    shop: str, include: Path, run_dag: Callable[..., Any]
) -> None:
    file = include / "targets/shop.yaml"
    file.write_text(json.dumps({**json.loads(file.read_text()), "approvals": {"approve": ["migrate"]}}))

    run = run_dag("migrate", {"target": "shop"}, mark_success_pattern="approve$")

    done = states(run)
    assert (done["approve"], done["back_up"], done["apply"]) == ("success", "success", "failed")
    [apply] = [ti for ti in run.get_task_instances() if ti.task_id == "apply"]
    assert (run.state, apply.try_number) == ("failed", 1)
    assert ledger(shop) == []


@pytest.mark.usefixtures("target")
def test_a_run_that_names_no_target_is_refused_at_once(run_dag: Callable[..., Any]) -> None:
    run = run_dag("migrate", {})

    [plan] = [ti for ti in run.get_task_instances() if ti.task_id == "plan"]
    assert (plan.state, plan.try_number) == ("failed", 1)
