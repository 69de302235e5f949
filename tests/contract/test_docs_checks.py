"""docs/checks.md and the code that makes, keeps and mails checks say the same."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
import yaml

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.checks.alert import check_alert
from dbops.domain.checks.report import CheckReport
from dbops.domain.checks.run import CheckRun
from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.options.checks import CheckOptions
from dbops.domain.target import Target
from dbops.gateways.alerting.alert_mail import alert_mail

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/checks.md").read_text()
SHOP = {
    "name": "shop",
    "connection": "shop",
    "storage": {"bucket": "dbops-backups"},
    "alerts": {"recipients": ["dba@shop.internal"]},
}


def section(title: str) -> str:
    """The part of the page under a heading, up to the next one."""
    found = re.search(rf"^##+ {re.escape(title)}$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def block(title: str, kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)\n^```$", section(title), re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def first_cells(title: str) -> list[str]:
    """The names in the first column of a table."""
    rows = re.findall(r"^\| (`.+?) \|", section(title), re.MULTILINE)
    return [key for row in rows for key in re.findall(r"`(\w+)`", row)]


@pytest.fixture
def run() -> CheckRun:
    """The run that the page shows."""
    return CheckRun.from_json(block("checks/&lt;time&gt;.json", "json").encode())


def test_the_example_is_what_the_code_writes_byte_for_byte(run: CheckRun) -> None:
    assert run.to_json().decode() == block("checks/&lt;time&gt;.json", "json")


@pytest.mark.parametrize(("title", "record"), [("checks/&lt;time&gt;.json", CheckRun), ("A result", CheckResult)])
def test_every_key_is_explained_once(title: str, record: type[CheckRun | CheckResult]) -> None:
    assert sorted(first_cells(title)) == sorted(field.name for field in fields(record))


def test_the_objects_are_named_as_the_code_names_them(run: CheckRun) -> None:
    layout = Layout("")
    for key in (layout.check(run.check_id), f"{layout.docs}{run.check_id}/"):
        assert re.search(
            rf"^ +{re.escape(key.replace(run.check_id, '<time>'))} ", section("What is kept"), re.MULTILINE
        )
    assert run.check_id in section("What is kept")


def test_the_mail_is_the_one_that_is_sent_of_the_example(run: CheckRun) -> None:
    report = CheckReport(
        target=run.target,
        started=run.started,
        finished=run.finished,
        full=run.full,
        results=run.results,
        statements=run.statements,
        tables=len(run.rows),
        days={"recommended_index:public.Order.Order_userId_idx": 3},
        recovered=("public.Order.amount: changed type",),
        docs=run.docs,
        last_well=run.started - timedelta(days=1),
        backup_before=BackupId("20261121T020000Z"),
    )
    link = "https://airflow.example.com/dags/check__shop/runs/scheduled__2026-11-22T04%3A00%3A00%2B00%3A00/tasks/check"
    alert = check_alert(report, Target.model_validate(SHOP), run=run.run, link=link)
    assert alert is not None
    message = alert_mail(
        replace(alert, page=f"https://airflow.example.com/database_ops/targets/shop/checks/{run.check_id}"),
        sender="dbops@example.com",
        recipients=["dba@shop.internal"],
        sent=run.finished.astimezone(UTC),
        templates=ROOT / "include/email",
    )
    plain = message.get_body(("plain",))
    assert plain is not None
    text = str(plain.get_content()).partition("\n-- \n")[0].strip()
    assert re.sub(r"\n{2,}", "\n\n", block("The mail", "text")) == re.sub(r"\n{2,}", "\n\n", text)


def test_the_three_outcomes_are_those_of_the_code() -> None:
    listed = re.findall(r"^\| ([a-z ]+?) \| [^-]", section("Three outcomes"), re.MULTILINE)
    assert listed == ["outcome", *(outcome.value for outcome in Outcome)]


def test_every_option_stands_there_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", section("Options"), re.MULTILINE)
    assert [key for key, _ in rows] == list(CheckOptions.model_fields)
    shown = CheckOptions.model_validate({key: yaml.safe_load(default) for key, default in rows})
    assert shown == CheckOptions()


def test_the_options_of_the_example_can_be_chosen() -> None:
    example = yaml.safe_load(block("Options", "yaml"))
    chosen = Target.model_validate(SHOP | example)
    assert chosen.checks != CheckOptions()
