"""Actions: links to the pages of Airflow where something is started; nothing is ever started here.

Airflow's trigger form cannot be filled in by an address, so what belongs into it stands beside the link.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dbops.domain.backup import BackupId
from dbops.domain.target import Target

RESTORE, MIGRATE = "restore", "migrate"


@dataclass(frozen=True, kw_only=True)
class Action:
    """``address`` is the DAG's page, ``configuration`` the JSON to paste there, empty where nothing is to choose."""

    label: str
    address: str
    configuration: str = ""
    note: str = ""


def actions_on(target: Target, newest: BackupId | None, triggerable: Collection[str], airflow: str) -> list[Action]:
    """What the user may start for a target; ``newest`` is its newest good backup, ``airflow`` the path of its UI."""
    return list(_actions(target.name, newest, triggerable, airflow))


def actions_on_backup(target: Target, backup_id: BackupId, triggerable: Collection[str], airflow: str) -> list[Action]:
    """What the user may start with one backup."""
    offered = []
    if RESTORE in triggerable:
        for label, mode, note in (
            ("Restore it beside the live database", "beside", ""),
            ("Put it in the live database's place", "swap", "Somebody else approves it first; the old one is kept."),
        ):
            filled = {"target": target.name, "mode": mode, "backup": backup_id}
            offered.append(_action(label, RESTORE, airflow, filled, note))
    drill = f"drill__{target.name}"
    if drill in triggerable:
        offered.append(_action("Drill it: restore it for the proof", drill, airflow, {"backup": backup_id}))
    return offered


def _actions(name: str, newest: BackupId | None, triggerable: Collection[str], airflow: str) -> Iterator[Action]:
    for job, label, filled in (
        ("backup", "Back up now", None),
        ("check", "Run the checks now", None),
        ("probe", "Run the probes now", None),
        ("drill", "Drill the newest backup", {"force": True}),
    ):
        if f"{job}__{name}" in triggerable and (job != "drill" or newest):
            yield _action(label, f"{job}__{name}", airflow, filled)
    if RESTORE in triggerable and newest:
        filled = {"target": name, "mode": "beside", "backup": newest}
        yield _action("Restore the newest backup", RESTORE, airflow, filled, "Each backup's page has its own.")
    if MIGRATE in triggerable:
        yield _action("Migrate", MIGRATE, airflow, {"target": name})


def _action(label: str, dag_id: str, airflow: str, filled: dict[str, Any] | None, note: str = "") -> Action:
    return Action(
        label=label,
        address=f"{airflow}/dags/{quote(dag_id)}",
        configuration=json.dumps(filled) if filled else "",
        note=note,
    )
