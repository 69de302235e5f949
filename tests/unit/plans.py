"""The plans of tests/testdata/plans, and the schema of the sample database that they are from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dbops.domain.query_plan import Plan
from dbops.domain.schema.baseline import SchemaBaseline
from dbops.domain.schema.recommended_indexes import RecommendedIndex
from dbops.gateways.files.baseline_files import read_baseline

FOLDER = Path(__file__).parents[1] / "testdata/plans"
_INCLUDE = Path(__file__).parents[2] / "include"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def document(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def plan(name: str) -> Plan:
    return Plan.of(document(name))


def made(node: dict[str, Any], **document: Any) -> Plan:
    """A plan of nodes as EXPLAIN writes them, with what most tests do not care about."""
    return Plan.of([{"Plan": _whole(node), **document}])


def _whole(node: dict[str, Any]) -> dict[str, Any]:
    children = [_whole({"Parent Relationship": "Outer", **child}) for child in node.get("Plans", ())]
    return {"Startup Cost": 0.0, "Total Cost": 1.0, "Plan Rows": 1, "Plan Width": 8, **node, "Plans": children}


def sample_schema() -> SchemaBaseline:
    """What the sample database has; the recommended indexes are not among it."""
    found = read_baseline(_INCLUDE, "summary_app")
    assert found is not None
    return found


def recommended() -> list[RecommendedIndex]:
    return [RecommendedIndex.of(name, text) for name, text in sample_schema().recommended_indexes.items()]
