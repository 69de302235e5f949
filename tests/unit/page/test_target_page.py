"""A target's page says what it has, and what it could not read; it never takes the one for the other."""

from __future__ import annotations

from typing import Any

from dbops.domain.light import Light
from dbops.domain.overview import OverviewRow
from dbops.domain.target_parts import backups_part
from dbops.domain.target_view import TargetView
from dbops_airflow.page.readings import Reading
from dbops_airflow.page.rendering import Rendering
from tests.unit.page_samples import backup, index
from tests.unit.samples import DAY, NOW, target

SHOP = target()


def drawn(limit: int | None = 60, now: Any = NOW, **parts: Any) -> str:
    """The page of a target of which these parts are shown."""
    view = TargetView(row=OverviewRow(target=SHOP, light=Light.GREEN, reasons=("All is well.",)), seen=NOW, **parts)
    facts = {
        "view": view,
        "target": SHOP,
        "reading": Reading(view, 0.0),
        "shown": list(parts),
        "hidden": [],
        "actions": [],
        "limit": limit,
    }
    return Rendering(base="/database_ops", airflow="", now=now).page("target", **facts)


def test_all_backups_are_shown_when_all_are_asked_for() -> None:
    part = backups_part(SHOP, index([backup(nights * DAY) for nights in (3, 2, 1)]), NOW)
    few, every = drawn(limit=2, backups=part), drawn(limit=None, backups=part)
    assert (few.count('class="id"'), every.count('class="id"')) == (2, 3)
    assert "Show all 3" in few
    assert "Show all" not in every
