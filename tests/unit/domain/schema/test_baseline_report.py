"""Promise: a baseline's report says whether the schema is what its file says, what was written, and what comes next."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.report import Verdict
from dbops.domain.schema.baseline_report import BaselineReport
from tests.unit.samples import NOW

FILE = "expectations/shop/schema.yaml"


def report(**more: Any) -> BaselineReport:
    given: dict[str, Any] = {"tables": 1, "written": (), **more}
    return BaselineReport(target="shop", started=NOW, finished=NOW, folder="expectations/shop", **given)


@pytest.mark.parametrize(
    ("found", "said", "verdict"),
    [
        ({"written": (FILE,)}, "Wrote the baseline of shop, 1 table, to include/expectations/shop.", Verdict.OK),
        ({}, "The schema of shop is its baseline: 1 table.", Verdict.OK),
        ({"written": ("expectations/shop/Tag.yaml",)}, "The schema of shop is its baseline: 1 table.", Verdict.OK),
        ({"diff": "-a"}, "The schema of shop is not its baseline, and nothing was overwritten.", Verdict.WARNING),
        ({"diff": "-a", "accepted": True, "written": (FILE,)}, "The baseline of shop took over what", Verdict.OK),
        ({"faults": ("Tag.yaml:1: nonsense",)}, "The schema of shop is its baseline", Verdict.WARNING),
        ({"diff": "-a", "accepted": True, "faults": ("x",)}, "The baseline of shop took over", Verdict.WARNING),
    ],
)
def test_the_summary_says_what_was_found_and_done(found: dict[str, Any], said: str, verdict: Verdict) -> None:
    assert report(**found).summary().startswith(said)
    assert report(**found).verdict is verdict


def test_it_lists_what_differs_what_was_written_what_cannot_be_used_and_what_to_look_at() -> None:
    text = report(
        differences=("a is new", "b is gone"),
        diff="-a\n+b\n",
        written=("x.yaml", "y.yaml"),
        faults=("f", "g"),
        notes=("n", "o"),
    ).markdown()
    assert "`python -m dbops baseline shop --accept`" in text
    assert text.split("\n\n", 1)[1] == (
        "- a is new\n- b is gone\n\n```diff\n-a\n+b\n```\n\nWritten:\n\n- include/x.yaml\n- include/y.yaml\n\n"
        "Files that cannot be used:\n\n- f\n- g\n\nTo look at:\n\n- n\n- o"
    )
    assert "\n" not in report().markdown()
