"""The services of docker-compose.yaml at work: two Celery workers behind a real Redis, each with its own jobs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.stack import CHECKOUT
from tests.e2e.compose_stack import AIRFLOW, ComposeStack
from tests.e2e.compose_start import running
from tests.e2e.held_dump import UNHURRIED, holding_dumps, is_held
from tests.e2e.rest import Rest, Run
from tests.e2e.scheduler import pass_its_health_check
from tests.e2e.waiting import eventually

PAGE = (CHECKOUT / "docs/deploy.md").read_text("utf-8")

PATIENCE = 240.0
"""Seconds: whichever run is the first finds workers that have yet to import what it needs."""

TARGETS: dict[str, dict[str, Any]] = {
    # Its drills would need a folder that another user than root may enter.
    "shop": {"server": "main", "backup": UNHURRIED, "drill": {"within": None}},
    "slow": {"backup": {"jobs": 1, "bandwidth_limit": "64KiB", "spool_cap": "16MiB"}},
}


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    """The stack of docker-compose.yaml; it is gone when these tests have ended."""
    with running(tmp_path_factory.mktemp("compose"), TARGETS) as stack:
        yield stack


@pytest.fixture(scope="module")
def rest(compose: ComposeStack) -> Iterator[Rest]:
    """The REST API as alice, whose password stands in a secret's file."""
    rest = compose.rest("alice")
    yield rest
    rest.close()


@pytest.fixture(scope="module")
def backed_up(rest: Rest) -> Run:
    """A backup of a target that shares its server."""
    eventually(lambda: "backup__shop" in rest.dag_ids(), "the DAG of a target", seconds=PATIENCE)
    run = rest.trigger("backup__shop")
    run.wait("success", seconds=PATIENCE)
    return run


@pytest.fixture(scope="module")
def watched(rest: Rest, backed_up: Run) -> Run:
    """A watch that has seen that backup."""
    run = rest.trigger("watch")
    run.wait("success", seconds=PATIENCE)
    return run


def test_a_backup_is_made_by_the_heavy_worker_and_the_rest_by_the_other(compose: ComposeStack, backed_up: Run) -> None:
    queues = {task: backed_up.task(task)["queue"] for task in ("back_up", "expire")}
    assert queues == {"back_up": "heavy", "expire": "default"}
    for worker, own, others in (("airflow-worker-heavy", "back_up", "expire"), ("airflow-worker", "expire", "back_up")):
        assert f"task_id='{own}'" in compose.log(worker).replace('"', "'")
        assert f"task_id='{others}'" not in compose.log(worker).replace('"', "'")


def test_what_a_worker_logs_is_shown_though_no_worker_serves_its_logs(backed_up: Run) -> None:
    assert "Backup 2" in backed_up.log("back_up")
    assert "keep" in backed_up.log("expire")


def test_the_pools_of_a_server_and_of_all_that_is_not_heavy_are_there_when_the_first_run_needs_them(
    compose: ComposeStack, backed_up: Run
) -> None:
    assert {name: compose.slots()[name] for name in ("server__main", "default_pool")} == {
        "server__main": 1,
        "default_pool": 4,
    }
    assert backed_up.task("back_up")["pool"] == "server__main"


def test_the_page_shows_what_is_backed_up_as_safe(rest: Rest, backed_up: Run, watched: Run) -> None:
    """The API server reads the store with a key of its own, and is not told the workers'."""
    shown = rest.page("targets/shop")
    assert re.findall(r'<span class="light (\w+)">', shown) == ["green"], shown
    assert backed_up.xcoms("back_up")["return_value"] in shown


def test_every_health_check_of_airflow_and_redis_says_well(compose: ComposeStack, backed_up: Run) -> None:
    checks = {name: compose.begin_health_check(name) for name in (*AIRFLOW, "redis")}
    said = {name: check.communicate(timeout=300)[0] for name, check in checks.items()}
    ill = {name: said[name] for name, check in checks.items() if check.returncode}
    assert ill == {}


def test_no_secret_stands_in_an_environment_a_command_line_or_a_log(compose: ComposeStack, backed_up: Run) -> None:
    words = compose.words()
    assert len(words) >= 6
    logs = [*compose.folder.glob("*.log"), *(compose.home / "logs").rglob("*.log")]
    shown = {str(log): log.read_text(encoding="utf-8", errors="replace") for log in logs}
    for name in AIRFLOW:
        for pid in compose.pids(name):
            for part in ("environ", "cmdline"):
                try:
                    shown[f"{name} {pid} {part}"] = Path(f"/proc/{pid}/{part}").read_text(errors="replace")
                except OSError:  # gone meanwhile
                    continue
    assert any(key.endswith("environ") for key in shown)
    assert [(where, word) for where, text in shown.items() for word in words if words[word] in text] == []


def test_nothing_is_written_where_a_container_is_read_only(compose: ComposeStack, backed_up: Run) -> None:
    assert {file.name for file in compose.home.iterdir()} == {"auth", "dags", "include", "logs", "plugins"}
    assert list((compose.folder / "home").iterdir()) == []
    left = [file for file in (compose.folder / "spool").iterdir() if not file.name.startswith("pymp-")]  # Python's own
    assert left == [], "a spool is gone when its backup has ended"


def test_a_backup_outlasts_the_scheduler_that_began_it_and_the_next_one_takes_it_over(
    compose: ComposeStack, rest: Rest, backed_up: Run
) -> None:
    servers = compose.servers

    def scheduler_of(run: Run) -> int:
        query = "SELECT queued_by_job_id FROM task_instance WHERE run_id = %s AND task_id = 'back_up'"
        with psycopg.connect(servers.postgres.url("airflow")) as session:
            [[job]] = session.execute(query, [run.run_id]).fetchall()
        return int(job)

    with holding_dumps(servers.postgres):
        run = rest.trigger("backup__shop")
        eventually(lambda: is_held(servers.postgres), "a backup under way", seconds=PATIENCE)
        first = scheduler_of(run)
        compose.kill("airflow-scheduler")
        pass_its_health_check(servers.postgres)
        compose.start("airflow-scheduler")
        eventually(lambda: scheduler_of(run) != first, "another scheduler that takes it over", seconds=PATIENCE)
        assert run.states()["back_up"] == "running"
    run.wait("success", seconds=PATIENCE)
    assert run.task("back_up")["try_number"] == 1
    made = {one.xcoms("back_up")["return_value"] for one in (backed_up, run)}
    assert len([key for key in compose.keys("shop/") if key.endswith("manifest.json")]) == len(made) == 2


def test_a_backup_whose_worker_is_gone_is_made_again_by_the_next_one(compose: ComposeStack, rest: Rest) -> None:
    run = rest.trigger("backup__slow")

    def uploaded(name: str) -> int:
        return len([key for key in compose.keys("slow/") if key.endswith(name)])

    eventually(lambda: uploaded("toc.dat"), "a backup under way", seconds=PATIENCE)
    assert run.task("back_up")["pool"] == "queue__heavy"
    assert compose.slots()["queue__heavy"] == 2
    compose.kill("airflow-worker-heavy")

    compose.write_target("slow")
    eventually(lambda: run.states()["back_up"] == "up_for_retry", "Airflow noticing", seconds=PATIENCE)
    assert not uploaded("manifest.json")
    compose.start("airflow-worker-heavy")
    compose.pass_retry_delay(run.dag_id, run.run_id)
    run.wait("success", seconds=PATIENCE)
    assert run.task("back_up")["try_number"] == 2
    assert uploaded("manifest.json") == 1


def test_the_pages_lines_delete_airflows_old_runs_and_logs_and_nothing_of_dbops(
    compose: ComposeStack, rest: Rest, backed_up: Run, watched: Run
) -> None:
    months = 100 * 86400.0
    with psycopg.connect(compose.servers.postgres.url("airflow")) as session:
        for table in ("dag_run", "task_instance"):
            session.execute(
                f"UPDATE {table} SET start_date = start_date - interval '100 days' WHERE run_id = %s".encode(),  # noqa: S608
                [watched.run_id],
            )
    logs = {
        one.dag_id: list((compose.home / "logs").glob(f"dag_id={one.dag_id}/run_id={one.run_id}/**/*.log"))
        for one in (backed_up, watched)
    }
    assert all(logs.values())
    for log in logs[watched.dag_id]:
        os.utime(log, (log.stat().st_atime - months, log.stat().st_mtime - months))
    before = compose.keys("")

    lines = re.findall(r"^docker compose exec -T (\S+) bash -c '(.*)'$", PAGE, re.MULTILINE)
    assert len(lines) == 2
    for service, script in lines:
        compose.execute(service, script)

    assert rest.ask("GET", watched.path).status_code == 404
    assert backed_up.state == "success"
    assert not any(log.exists() for log in logs[watched.dag_id])
    assert all(log.exists() for log in logs[backed_up.dag_id])
    assert set(before) <= set(compose.keys(""))
    with psycopg.connect(compose.servers.postgres.url("airflow")) as session:
        query = "SELECT table_name FROM information_schema.tables WHERE starts_with(table_name, '_airflow_deleted')"
        assert session.execute(query).fetchall() == []
