"""Parsing is done again and again, for every file and every task: it must stay light.

These tests parse in a process of their own: what matters is what is imported, and in what order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.conftest import ROOT, airflow_environment

_HEAVY = {
    *("great_expectations", "matplotlib", "boto3", "botocore", "pandas", "numpy"),
    *("psycopg", "psycopg2", "smtplib", "rich.progress"),
    *("airflow.providers.amazon.aws.hooks.base_aws", "airflow.providers.postgres.hooks.postgres"),
    *("airflow.providers.smtp.hooks.smtp", "dbops.jobs.backups.back_up", "dbops.gateways.s3"),
    *("dbops.gateways.alerting.alert_mail", "dbops.gateways.alerting.mailbox"),
    *("dbops.domain.target_index.target_index",),
}  # fmt: skip

_PARSE = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, Asset, BaseOperator, CronTriggerTimetable, Param, get_parsing_context
before = set(sys.modules)
bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
print("RESULT", json.dumps({"dags": sorted(bag.dags), "errors": bag.import_errors, "path": sys.path,
                            "imported": sorted(set(sys.modules) - before)}))
"""


@pytest.fixture
def parse(airflow_home: Path, include: Path) -> Callable[..., Any]:
    def run(**environment: str) -> Any:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [sys.executable, "-c", _PARSE],
            env={**inherited, **airflow_environment(airflow_home), "DBOPS_INCLUDE": str(include), **environment},
            capture_output=True,
            text=True,
            check=False,
            cwd=airflow_home,
        )
        results = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        assert results, done.stderr
        return json.loads(results[0].removeprefix("RESULT "))

    return run


def test_parsing_imports_nothing_heavy_and_needs_no_pythonpath(
    parse: Callable[..., Any], add_target: Callable[..., None]
) -> None:
    add_target("shop")
    add_target("blog")
    seen = parse()
    assert seen["errors"] == {}
    by_target = ["backup__blog", "backup__shop", "drill__blog", "drill__shop"]
    assert seen["dags"] == [*by_target, "migrate", "rehearse", "restore", "watch"]
    assert _HEAVY.intersection(seen["imported"]) == set()
    assert "dbops_airflow.backup_operators" in seen["imported"]
    assert str(ROOT / "plugins") in seen["path"]


def test_a_notifier_is_found_and_read_without_being_imported(
    parse: Callable[..., Any], add_target: Callable[..., None], include: Path
) -> None:
    add_target("shop", alerts={"notify": ["hook"]})
    hook = "hook:\n  class: airflow.providers.http.notifications.http.HttpNotifier\n"
    (include / "notifiers.yaml").write_text(hook)
    seen = parse()
    assert seen["errors"] == {}
    assert _HEAVY.intersection(seen["imported"]) == set()
    assert not [name for name in seen["imported"] if name.startswith("airflow.providers.http.")]
    (include / "notifiers.yaml").write_text(f"{hook}  http_con_id: pager\n")
    seen = parse()
    [error] = seen["errors"].values()
    assert 'notifiers.yaml:3: hook: HttpNotifier takes no http_con_id. Did you mean "http_conn_id"?' in error
    assert not [name for name in seen["imported"] if name.startswith("airflow.providers.http.")]


def test_a_task_process_builds_only_its_own_dag_and_reads_only_its_own_file(
    parse: Callable[..., Any], add_target: Callable[..., None], include: Path
) -> None:
    add_target("shop")
    add_target("blog")
    (include / "targets" / "broken.yaml").write_text("connection: [")
    seen = parse(_AIRFLOW_PARSING_CONTEXT_DAG_ID="backup__shop", _AIRFLOW_PARSING_CONTEXT_TASK_ID="back_up")
    assert [dag for dag in seen["dags"] if dag.startswith("backup__")] == ["backup__shop"]
    assert seen["errors"] == {}


@pytest.mark.parametrize("name", ["rehearse", "watch"])
def test_the_task_process_of_what_looks_at_all_targets_knows_every_one(
    parse: Callable[..., Any], add_target: Callable[..., None], name: str
) -> None:
    add_target("shop")
    seen = parse(_AIRFLOW_PARSING_CONTEXT_DAG_ID=name, _AIRFLOW_PARSING_CONTEXT_TASK_ID=name)
    assert name in seen["dags"]
    assert seen["errors"] == {}
