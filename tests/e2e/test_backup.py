"""A backup that Airflow makes: whole, told in its log, and without a password anywhere."""

from __future__ import annotations

import json

from demo.summary_app.generate import TABLES
from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack


def test_the_dag_runs_from_the_start_and_says_whose_it_is(alice: Rest) -> None:
    dag = alice.get("dags/backup__summary_app")
    assert dag["is_paused"] is False
    assert dag["owners"] == ["dbops"]
    assert {tag["name"] for tag in dag["tags"]} == {"dbops", "backup", "production"}
    assert dag["has_import_errors"] is False


def test_a_triggered_run_puts_every_row_of_every_table_into_the_bucket(stack: RunningStack, backed_up: Run) -> None:
    backup_id = backed_up.xcoms("back_up")["return_value"]
    manifest = stack.read_json(f"summary_app/backups/{backup_id}/manifest.json")
    counted = {
        table: stack.ask("summary_app", f'SELECT count(*) FROM "{table}"')[0][0]  # noqa: S608 - our own names
        for table in TABLES
    }
    assert {table["name"]: table["rows"] for table in manifest["tables"]} == counted
    assert sum(counted.values()) > 1000
    stored = stack.keys(f"summary_app/backups/{backup_id}/")
    assert {key.rsplit("/", 1)[1] for key in stored} == {
        "started.json",
        "manifest.json",
        *(file["name"] for file in manifest["files"]),
    }


def test_the_task_log_ends_with_what_was_backed_up_and_where_it_lies(stack: RunningStack, backed_up: Run) -> None:
    backup_id = backed_up.xcoms("back_up")["return_value"]
    log = backed_up.log("back_up")
    assert f"Backup {backup_id} of summary_app: 9 tables, " in log
    assert f"It is stored in `s3://{stack.demo.storage.bucket}/summary_app/backups/{backup_id}/`." in log


def test_retention_is_applied_after_the_backup_and_says_why_each_backup_stays(backed_up: Run) -> None:
    backup_id = backed_up.xcoms("back_up")["return_value"]
    back_up, expire = backed_up.task("back_up"), backed_up.task("expire")
    assert expire["state"] == "success"
    assert expire["start_date"] >= back_up["end_date"]
    kept = next(line for line in backed_up.log("expire").splitlines() if backup_id in line)
    assert "keep" in kept
    assert "last 1 of 3" in kept


def test_no_secret_is_in_any_log_xcom_or_rendered_template(stack: RunningStack, backed_up: Run) -> None:
    shown = [
        json.dumps(
            [backed_up.log(task), backed_up.xcoms(task), backed_up.task(task), backed_up.rest.get(backed_up.path)]
        )
        for task in ("back_up", "expire")
    ]
    shown += [log.read_text(encoding="utf-8", errors="replace") for log in stack.logs.rglob("*.log")]
    assert any("Backup 2" in text for text in shown)
    assert [secret for secret in stack.secrets() if any(secret in text for text in shown)] == []


def test_no_secret_is_in_the_bucket(stack: RunningStack, backed_up: Run) -> None:
    folder = f"summary_app/backups/{backed_up.xcoms('back_up')['return_value']}/"
    written = [stack.read(folder + name) for name in ("started.json", "manifest.json", "globals.sql", "toc.dat")]
    assert [secret for secret in stack.secrets() if any(secret.encode() in body for body in written)] == []


def test_who_may_only_look_cannot_trigger(viewer: Rest, backed_up: Run) -> None:
    assert viewer.get(backed_up.path)["state"] == "success"
    answer = viewer.ask("POST", "dags/backup__summary_app/dagRuns", json={"logical_date": None})
    assert answer.status_code == 403
