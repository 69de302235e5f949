"""Actions lead to Airflow's own pages, with what belongs into its form, and only who may start something finds them."""

from __future__ import annotations

import json

from dbops.domain.backups.backup import BackupId
from dbops_airflow.page.actions import actions_on, actions_on_backup
from tests.unit.samples import target

_ID = BackupId("20261122T020000Z")
_ALL = {"backup__shop", "check__shop", "probe__shop", "drill__shop", "restore", "migrate"}


def test_every_action_leads_to_the_page_of_its_dag_below_airflows_path() -> None:
    offered = actions_on(target(), _ID, _ALL, "/airflow")
    assert [action.address for action in offered] == [
        f"/airflow/dags/{dag}"
        for dag in ("backup__shop", "check__shop", "probe__shop", "drill__shop", "restore", "migrate")
    ]


def test_what_has_to_be_chosen_is_json_to_paste_and_what_has_not_is_empty() -> None:
    offered = {action.address: action.configuration for action in actions_on(target(), _ID, _ALL, "")}
    assert offered["/dags/backup__shop"] == ""
    assert json.loads(offered["/dags/drill__shop"]) == {"force": True}
    assert json.loads(offered["/dags/restore"]) == {"target": "shop", "mode": "beside", "backup": _ID}
    assert json.loads(offered["/dags/migrate"]) == {"target": "shop"}


def test_nobody_finds_what_he_may_not_start() -> None:
    assert actions_on(target(), _ID, set(), "") == []
    assert [action.label for action in actions_on(target(), _ID, {"check__shop"}, "")] == ["Run the checks now"]
    assert actions_on_backup(target(), _ID, set(), "") == []


def test_without_a_good_backup_there_is_nothing_to_drill_or_restore() -> None:
    addresses = [action.address for action in actions_on(target(), None, _ALL, "")]
    assert "/dags/restore" not in addresses
    assert "/dags/drill__shop" not in addresses


def test_a_backup_is_restored_beside_or_swapped_or_drilled_by_its_id() -> None:
    offered = [json.loads(action.configuration) for action in actions_on_backup(target(), _ID, _ALL, "")]
    assert [one.get("mode") for one in offered] == ["beside", "swap", None]
    assert {one["backup"] for one in offered} == {_ID}
