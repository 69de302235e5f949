"""docs/faults.md names tests that there are, on every line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/faults.md").read_text()
ROWS = [row for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith("| what happens |")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:60])
def test_what_may_happen_is_proven_by_a_test_that_there_is(row: str) -> None:
    *told, proof = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(told) == 4
    named = re.findall(r"`([a-z0-9/_]+\.py)`", proof)
    assert named
    assert [name for name in named if not (TESTS / name).is_file()] == []
