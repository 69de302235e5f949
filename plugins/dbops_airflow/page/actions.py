"""Actions: links to the pages of Airflow where something is started; nothing is ever started here.

Airflow's trigger form cannot be filled in by an address, so what belongs into it stands beside the link.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dbops.domain.backups.backup import BackupId
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
            ("Restore it beside", "beside", "The live database stays as it is."),
            (
                "Restore it and swap",
                "swap",
                "It takes the live one's place after a second person's yes; the old one is kept.",
            ),
        ):
            filled = {"target": target.name, "mode": mode, "backup": backup_id}
            offered.append(_action(label, RESTORE, airflow, filled, note))
    drill = f"drill__{target.name}"
    if drill in triggerable:
        offered.append(_action("Drill it", drill, airflow, {"backup": backup_id}))
    return offered


def _actions(name: str, newest: BackupId | None, triggerable: Collection[str], airflow: str) -> Iterator[Action]:
    for job, label in (("backup", "Back up now"), ("check", "Run the checks now"), ("probe", "Run the probes now")):
        if f"{job}__{name}" in triggerable:
            yield _action(label, f"{job}__{name}", airflow)
    if f"drill__{name}" in triggerable and newest:
        yield _action("Drill the newest backup", f"drill__{name}", airflow, {"force": True})
    if RESTORE in triggerable and newest:
        beside = {"target": name, "mode": "beside", "backup": newest}
        yield _action("Restore the newest backup", RESTORE, airflow, beside, "Each backup's page has its own.")
    if MIGRATE in triggerable:
        yield _action("Migrate", MIGRATE, airflow, {"target": name})


def _action(label: str, dag_id: str, airflow: str, filled: dict[str, Any] | None = None, note: str = "") -> Action:
    return Action(
        label=label,
        address=f"{airflow}/dags/{quote(dag_id)}",
        configuration=json.dumps(filled) if filled else "",
        note=note,
    )
