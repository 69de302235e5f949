"""Surroundings: what the smoke test is told of a home, a database, a store and PostgreSQL's programs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from demo.seaweed import SeaweedS3


def surroundings(home: Path, *, database: str, store: SeaweedS3, bucket: str, programs: Path) -> dict[str, str]:
    """The environment of ``support/smoke.py``: nothing of Airflow, dbops, Python or PostgreSQL is inherited."""
    foreign = ("AIRFLOW", "DBOPS", "PYTHON", "PG", "VIRTUAL_ENV")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {
        **inherited,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-the-smoke-test-" + "0" * 40,
        "AIRFLOW_CONN_SHOP": database,
        "AIRFLOW_CONN_STORE": json.dumps(
            {
                "conn_type": "aws",
                "login": store.access_key,
                "password": store.secret_key,
                "extra": {"endpoint_url": store.endpoint_url, "region_name": store.region},
            }
        ),
        "BUCKET": bucket,
        "DBOPS_PG_BIN": str(programs),
    }


def fill(database: str) -> None:
    """Give it the table that is backed up."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE orders (id int PRIMARY KEY, note text)")
        connection.execute("INSERT INTO orders SELECT id, md5(id::text) FROM generate_series(1, 5000) AS id")
