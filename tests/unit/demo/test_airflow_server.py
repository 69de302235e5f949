from __future__ import annotations

import itertools
from pathlib import Path

from demo.airflow_server import AirflowServer, last_words, settings


def airflow_settings() -> dict[str, str]:
    counter = itertools.count()
    secrets = {f"airflow_{name}": f"secret{next(counter)}" for name in ("fernet", "session", "jwt")}
    return settings(
        Path("/home"),
        port=15000,
        metadata_url="postgresql://airflow:pw@127.0.0.1:1/airflow",
        checkout=Path("/checkout"),
        dags=Path("/dags"),
        secrets=secrets,
    )


def test_airflow_listens_on_loopback_and_its_links_lead_there() -> None:
    chosen = airflow_settings()

    assert chosen["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert chosen["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:15000"


def test_its_metadata_lie_in_postgresql_through_the_driver_airflow_wants() -> None:
    assert airflow_settings()["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("postgresql+psycopg2://airflow:pw@")


def test_alice_and_bob_may_trigger_and_approve_and_viewer_may_not() -> None:
    assert (
        airflow_settings()["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
        == "admin:admin,alice:user,bob:user,viewer:viewer"
    )


def test_a_server_that_does_not_run_does_not_run_as_configured(tmp_path: Path) -> None:
    assert not AirflowServer(tmp_path, environment={"PATH": ""}, passwords={}, mark="A=b").runs_as_configured()


def test_its_last_words_are_words(tmp_path: Path) -> None:
    log = tmp_path / "airflow.log"
    log.write_text(
        "standalone | Checking database is initialized\n"
        "scheduler  | 2026-11-22T21:49:21.749876Z [info     ] Starting the scheduler [airflow.jobs] loc=jobs.py:12\n"
        r"scheduler  | _/_/  |_/_/  /_/    /_/    /_/  \____/____/|__/" + "\n"
    )

    assert last_words(log) == "Starting the scheduler"


def test_its_last_words_hold_no_password(tmp_path: Path) -> None:
    log = tmp_path / "airflow.log"
    log.write_text("standalone | cannot connect with password hunter2 as airflow\n")

    assert "hunter2" not in last_words(log, secrets=["hunter2"])
    assert last_words(tmp_path / "absent.log", secrets=[]) == ""
