"""What the page on expectations says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from dbops.domain.options.schema_kinds import KINDS
from dbops.gateways.files.baseline_files import read_baseline, write_file

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/expectations.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_kind_of_difference_stands_there_with_its_severity_and_a_meaning() -> None:
    table = PAGE.partition("## Kinds of difference")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| \S.+ \|$", table, re.MULTILINE)
    assert rows == list(KINDS.items())


def test_the_schema_on_the_page_is_one(tmp_path: Path) -> None:
    (schema,) = (block for block in BLOCKS if "recommended_indexes" in block)
    write_file(tmp_path / "expectations/shop/schema.yaml", schema)
    baseline = read_baseline(tmp_path, "shop")
    assert baseline is not None
    assert set(baseline.tables) == {("public", "Order")}
    assert set(baseline.recommended_indexes) == {"Order_userId_idx"}


def test_the_severities_on_the_page_can_be_chosen() -> None:
    (checks,) = (yaml.safe_load(block)["checks"] for block in BLOCKS if block.startswith("checks:"))
    assert set(checks["severity"]) <= set(KINDS)


def test_every_type_that_the_reference_application_uses_is_on_the_page() -> None:
    used = set()
    for path in (ROOT / "include/expectations/summary_app").glob("*.yaml"):
        used |= {rule["type"] for rule in yaml.safe_load(path.read_text()).get("expectations", ())}
    own = {kind for kind in used if f"| `{kind}`" in PAGE}
    assert used - own == {"expect_column_value_lengths_to_be_between"}  # one of Great Expectations' own
