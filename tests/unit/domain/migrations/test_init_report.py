"""Promise: whoever has a first migration written is told what was written, what to look at, and what comes next."""

from __future__ import annotations

from typing import Any

from dbops.domain.migrations.init_report import InitReport
from tests.unit.samples import NOW


def report(**more: Any) -> InitReport:
    return InitReport(target="shop", started=NOW, finished=NOW, tables=2, written=("sql/a", "sql/b"), **more)


def test_it_names_the_files_and_the_next_step() -> None:
    summary = report().summary()
    assert summary == (
        "Wrote the schema of shop, 2 tables, as its first migration, and proved on an empty database that it makes "
        "just that. Read it and commit it."
    )
    assert report().markdown() == (
        f"{summary}\n\n- include/sql/a\n- include/sql/b\n\nNext: `python -m dbops migrate shop --plan`."
    )


def test_what_to_look_at_stands_before_the_next_step() -> None:
    assert "\n\nTo look at:\n\n- one\n- two\n\nNext: " in report(notes=("one", "two")).markdown()
