"""docs/approvals.md explains every fact that a mail tells of what a yes does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dbops.domain.words.stake import Stake
from tests.unit import migration_plans, restores

PAGE = (Path(__file__).parents[2] / "docs/approvals.md").read_text()
_BACKUP = migration_plans.item("backup")


@pytest.mark.parametrize(
    ("of", "stake"),
    [
        ("a swap", restores.plan().stake),
        ("a migration", migration_plans.plan(checklist=(_BACKUP,)).stake),
    ],
)
def test_every_fact_of_what_a_yes_does_is_explained_in_the_order_of_the_mail(of: str, stake: Stake) -> None:
    table = re.search(rf"^\| of {of} \| \|\n\| --- \| --- \|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table
    explained = [name for cell in re.findall(r"^\| (.+?) \|", table[1], re.MULTILINE) for name in cell.split(", ")]
    assert explained == [label for label, _ in stake]


def test_the_example_has_the_facts_of_a_swap() -> None:
    [example] = [text for text in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) if "APPROVAL" in text]
    assert re.findall(r"^([A-Z][a-z ]{1,12}\S) {2,}\S", example, re.MULTILINE) == [
        label for label, _ in restores.plan().stake
    ]
