"""The targets of these tests: the checkout's own, and one for each way in which a backup can end."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.e2e import checked, pushed
from tests.e2e.held_dump import UNHURRIED
from tests.own_defaults import own_defaults

ORDERS = ("orders", "orders_typed", "orders_own", "orders_marked", "orders_grown", "orders_rejected")
"""Targets, and their databases, which a restore may rename: each is one test's own. See orders.py."""

HELD, OUTLIVING = "orders_held", "orders_outliving"
"""Targets, and their databases, whose restore can be held while it loads, each one module's own. See orders.py."""

HOSTILE = """</td><script>window.hostile = 1</script><img src="x" onerror="window.hostile = 1">"""
"""A description that nobody means well with."""

TARGETS: dict[str, dict[str, Any]] = {
    "unreachable": {"connection": "unreachable", "alerts": {"recipients": ["dba@shop.internal", "boss@shop.internal"]}},
    "unknown": {"connection": "nobody_defined_it", "description": HOSTILE},
    "neglected": {"connection": "summary_app"},
    "shrunken": {"connection": "summary_app", "alerts": {"smaller_than": "1TiB"}},
    "heavy": {"connection": "heavy"},
    "outlasting": {"connection": "summary_app", "backup": UNHURRIED},
    "drilled": {"connection": "summary_app", "schedule": {"drill": "0 0 29 2 *"}},
    "gated": {"connection": "summary_app"},
    "gated_named": {"connection": "summary_app", "approvals": {"approvers": ["bob", "admin"]}},
    "gated_glass": {"connection": "summary_app", "approvals": {"approvers": ["alice"]}},
    "gated_alone": {"connection": "summary_app", "approvals": {"four_eyes": False}},
    "gated_open": {"connection": "summary_app", "approvals": {"approve": []}},
    "gated_hasty": {"connection": "summary_app", "approvals": {"wait": "10s"}},  # see wait_until_parked
    "gated_brief": {"connection": "summary_app", "approvals": {"valid_for": "20s"}},
    "gated_changed": {"connection": "summary_app"},
    checked.NAME: {"connection": checked.NAME},
    pushed.NAME: {"connection": pushed.NAME, "schedule": {"probe": None}},
    **{name: {"connection": name} for name in (*ORDERS, HELD, OUTLIVING)},
}
"""Each target file's own content; the rest is inherited from the checkout's defaults.yaml, with a recipient."""

SLOWLY = {"jobs": 1, "bandwidth_limit": "512KiB", "spool_cap": "16MiB"}
"""The backup section that makes a backup of `heavy` last two minutes, in which pg_dump is paused most of the time."""


def make_include(include: Path, checkout: Path) -> None:
    """Make an include folder in which nothing is scheduled while the tests run; `drilled` waits for its backups."""
    include.mkdir()
    for shared in ("email", "report"):
        (include / shared).symlink_to(checkout / "include" / shared)
    (include / "sql").mkdir()
    for folder in (checkout / "include" / "sql").iterdir():
        (include / "sql" / folder.name).symlink_to(folder)
    pushed.link_sql(include, checkout)
    shutil.copytree(checkout / "include" / "targets", include / "targets")
    shutil.copytree(checkout / "include" / "expectations", include / "expectations")
    checked.write_rules(include)
    later = datetime.now(UTC) + timedelta(hours=12)
    schedules = f'\nschedule:\n  backup: "0 {later.hour} * * *"\n  check: null\n  drill: null\n  probe: null\n'
    (include / "defaults.yaml").write_text(own_defaults(checkout) + schedules, encoding="utf-8")
    (include / "held").mkdir()
    (include / "world").mkdir()
    for name in TARGETS:
        write_target(include, name)
        (include / "world" / name).write_text("as it was", encoding="utf-8")


def write_target(include: Path, name: str, **keys: Any) -> None:
    """Write a target file in one step, for Airflow may be reading; keywords are added to what TARGETS says."""
    many_share_one = {"allow": ["same_database"]}
    write_file(include, f"{name}.yaml", yaml.safe_dump({**many_share_one, **TARGETS.get(name, {}), **keys}))


def write_file(include: Path, name: str, content: str) -> None:
    """Write any file into the folder of the targets, in one step."""
    unfinished = include / f"{name}.unfinished"
    unfinished.write_text(content, encoding="utf-8")
    unfinished.rename(include / "targets" / name)
