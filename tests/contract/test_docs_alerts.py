"""docs/alerts.md has every first word that a mail's subject can have."""

from __future__ import annotations

import re
from pathlib import Path

from dbops.domain.alerts import Severity

PAGE = (Path(__file__).parents[2] / "docs/alerts.md").read_text()


def test_every_severity_is_a_row_of_the_table_and_sorted_by_urgency_below_it() -> None:
    rows = set(re.findall(r"^\| `\[dbops\] ([A-Z ]+) [a-z]", PAGE, re.MULTILINE))
    explained = set(re.findall(r"\*\*([A-Z ]+)\*\*", PAGE))
    assert rows == set(Severity)
    assert explained == set(Severity)
