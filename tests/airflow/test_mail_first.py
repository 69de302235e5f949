"""People are told before anything is measured: a slow store must not stand before an alert."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from dbops.domain.report import Verdict
from tests.unit.samples import target


@pytest.mark.parametrize(
    ("module", "operator", "job", "mail"),
    [
        pytest.param(
            "backup_operators", "BackUpOperator", "backups.back_up", "alerts.mail_backup_warnings", id="backup"
        ),
        pytest.param("check_operator", "CheckOperator", "checks.check", "check_operator.mail_checks", id="check"),
        pytest.param("probe_operator", "ProbeOperator", "probes.probe", "probe_operator.mail_probes", id="probe"),
    ],
)
def test_the_mail_goes_out_before_the_metrics(
    module: str, operator: str, job: str, mail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops_airflow import connections, metrics

    happened: list[str] = []
    report = SimpleNamespace(
        markdown=lambda: "", verdict=Verdict.OK, counts=dict, warnings=("It shrank.",), backup_id="20261122T020000Z"
    )
    for asked in ("database_address", "probing_address", "open_bucket"):
        monkeypatch.setattr(connections, asked, lambda *_: None)
    name = job.rpartition(".")[2]
    monkeypatch.setattr(f"dbops.jobs.{job}.{name}", lambda *_args, **_more: report)
    monkeypatch.setattr(f"dbops_airflow.{mail}", lambda *_: happened.append("mail"))
    monkeypatch.setattr(metrics, "emit_target", lambda _: happened.append("metrics"))
    task: Any = getattr(import_module(f"dbops_airflow.{module}"), operator)(task_id=name, target=target())
    task.execute({"run_id": "r1", "params": {"full": None}})
    assert happened == ["mail", "metrics"]
