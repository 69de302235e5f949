"""docs/migrations.md and the code that plans, applies and keeps migrations say the same."""

from __future__ import annotations

import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import pytest
import yaml

from dbops.domain.health.connections import CONNECTIONS
from dbops.domain.health.replication import REPLICAS
from dbops.domain.migrations.checklist import session_limits
from dbops.domain.migrations.lint_rules import severity_of_rule
from dbops.domain.migrations.record import MigrationRecord, MigrationState, MigrationStep, PostCheck, StepState
from dbops.domain.migrations.sql import objections
from dbops.domain.migrations.touched_probes import ProbeReading, ProbeReadings
from dbops.domain.options.approvals import ApprovalRules
from dbops.domain.options.migrations import MigrationOptions

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/migrations.md").read_text()
RUNBOOK = (ROOT / "docs/runbooks/migrate.md").read_text()
DAG = (ROOT / "dags/migrate.py").read_text()
RULES = [ROOT / f"plugins/dbops/domain/migrations/{name}.py" for name in ("rules", "checklist")]


def section(title: str) -> str:
    """The part of the page under a heading, up to the next one."""
    found = re.search(rf"^##+ {re.escape(title)}$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def test_every_setting_stands_there_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", section("Settings"), re.MULTILINE)
    assert [key for key, _ in rows] == list(MigrationOptions.model_fields)
    assert MigrationOptions.model_validate({key: yaml.safe_load(value) for key, value in rows}) == MigrationOptions()
    assert "migrate" in ApprovalRules().approve


@pytest.mark.parametrize("record", [MigrationRecord, MigrationStep, PostCheck, ProbeReadings, ProbeReading])
def test_every_field_that_is_kept_is_named(record: type) -> None:
    kept = section("migrations/&lt;run&gt;.json")
    assert [field.name for field in fields(record) if f"`{field.name}`" not in kept] == []


@pytest.mark.parametrize("states", [MigrationState, StepState])
def test_every_state_is_named(states: type[StrEnum]) -> None:
    kept = section("migrations/&lt;run&gt;.json")
    assert [state for state in states if f"`{state}`" not in kept] == []


def test_every_rule_of_the_linter_that_blocks_is_named_and_no_other() -> None:
    named = re.findall(r"`([a-z-]+)`", section("The linter"))
    assert len(named) == len(set(named)) >= 20
    assert {severity_of_rule(rule) for rule in named} == {"error"}
    source = (ROOT / "plugins/dbops/domain/migrations/lint_rules.py").read_text()
    errors = re.search(r"_ERRORS = frozenset\(\{(.+?)\}\)", source, re.DOTALL)
    assert errors
    assert set(re.findall(r'"([a-z-]+)"', errors[1])) == set(named)


def test_every_item_of_the_checklist_is_explained() -> None:
    told = section("Blocker or warning")
    source = "".join(path.read_text() for path in RULES)
    given = re.findall(r'_(?:ok|warning|blocker|item|comparison)\(\s*"([a-z ]+)"', source)
    assigned = re.findall(r'\bname(?:, \w+)* = "([a-z ]+)"', source)
    limits = session_limits(MigrationOptions())
    sessions = [limits.longest.name, limits.idle.name, limits.blocked.name, REPLICAS.name, CONNECTIONS.name]
    items = dict.fromkeys([*given, *assigned, *sessions])
    assert {"drift", "privileges", "linter", "read and write", "backup", "disk"} <= set(items)
    assert [item for item in items if item not in told] == []


@pytest.mark.parametrize("words", ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "VACUUM", "ALTER SYSTEM"])
def test_what_the_page_calls_refused_is_refused(words: str) -> None:
    assert objections(f"{words};")
    assert f"`{words}`" in section("The folder")


def test_the_runbook_names_the_tasks_and_fields_that_there_are() -> None:
    tasks = set(re.findall(r'task_id="(\w+)"', DAG)) - {"migrate_or_report", "migrated"}
    assert [task for task in tasks if f"**{task}**" not in RUNBOOK] == []
    form = re.findall(r'^        "(\w+)": Param', DAG, re.MULTILINE)
    assert form
    first_cells = re.findall(r"^\| ([a-z_, ]+) \|", RUNBOOK, re.MULTILINE)
    assert set(form) <= {field for cell in first_cells for field in cell.split(", ")}
