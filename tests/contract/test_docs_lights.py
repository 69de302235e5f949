"""docs/lights.md has the table by which targets are judged, in the same order."""

from __future__ import annotations

import re
from pathlib import Path

from dbops.domain.watch.light import LIGHTS, Light

PAGE = (Path(__file__).parents[2] / "docs/lights.md").read_text()


def test_what_is_how_bad_is_the_table_of_the_code_in_its_order() -> None:
    table = PAGE.partition("## What is how bad")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", table, re.MULTILINE)[1:]
    assert [row for row in rows if row[0] != "---"] == [(what.value, light.value) for what, light in LIGHTS.items()]


def test_every_light_is_explained_worst_first() -> None:
    assert re.findall(r"^\| \*\*([a-z ]+)\*\*", PAGE, re.MULTILINE) == [light.value for light in Light]
