"""A backup's page says what the backup does not have."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.views.target_view import BackupView
from dbops_airflow.page.readings import Reading
from dbops_airflow.page.rendering import Rendering
from tests.unit.page.page_texts import text_of
from tests.unit.samples import NOW, manifest, target

SHOP = target()
MANIFEST = manifest("20261122T020000Z")


def drawn(lacks: tuple[str, ...] = (), warned: tuple[str, ...] = (), cluster: str | None = None) -> str:
    told = replace(MANIFEST, lacks=lacks, pg_dump_warnings=warned, system_identifier=cluster)
    view = BackupView(target=SHOP, backup_id=MANIFEST.backup_id, seen=NOW, manifest=told)
    facts = {"view": view, "target": SHOP, "reading": Reading(view, 0.0), "tables": [], "actions": []}
    return text_of(Rendering(base="/database_ops", airflow="", now=NOW).page("backup", **facts))


def test_what_its_role_could_not_read_is_named_and_otherwise_nothing_is_said() -> None:
    assert "Lacks subscription orders, subscription <b>" in drawn(("subscription orders", "subscription <b>"))
    assert "Lacks" not in drawn()


def test_the_cluster_is_named_where_it_is_known() -> None:
    assert "pg_dump 17.10, cluster 7588" in drawn(cluster="7588")
    assert "cluster" not in drawn()


def test_what_pg_dump_warned_of_is_told_and_otherwise_nothing_is_said() -> None:
    assert "pg_dump warned no way to sort fa and <b>; no other" in drawn(
        warned=("no way to sort fa and <b>", "no other")
    )
    assert "pg_dump warned" not in drawn()
