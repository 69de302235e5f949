"""What docs/support.md and docs/existing-airflow.md promise of the wheel."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from pathlib import Path

from packaging.requirements import Requirement

from dbops import __version__
from support.asked import LAST_RUN, cells_of_ci, what_is_asked
from support.environments import AIRFLOWS, PYTHONS
from support.postgres_servers import PACKAGED

ROOT = Path(__file__).parents[2]
SUPPORT = (ROOT / "docs/support.md").read_text()
INSTALLING = (ROOT / "docs/existing-airflow.md").read_text()
NEEDED = {
    one.name: one
    for one in map(Requirement, tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
}
CI_PYTHON, CI_POSTGRES = "3.11", 17
KNOWN = {"tested", "untested"}


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, its first row included."""
    text = SUPPORT[SUPPORT.index(f"## {heading}") :]
    rows = re.findall(r"^\|(.+)\|$", text.split("\n## ")[0], re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows if not set(row) <= set("|- ")]


def test_every_airflow_and_python_has_a_cell_that_says_whether_it_was_tested() -> None:
    head, *rows = table("Airflow and Python")
    assert head[1:] == [f"Python {python}" for python in PYTHONS]
    assert [row[0] for row in rows] == [f"Airflow {airflow}" for airflow in AIRFLOWS]
    assert {cell.split(":")[0].split(",")[0] for row in rows for cell in row[1:]} <= KNOWN


def test_the_cells_that_name_ci_are_those_that_it_tries() -> None:
    head, *rows = table("Airflow and Python")
    named = {
        (row[0].removeprefix("Airflow "), python.removeprefix("Python "), what.split(",")[0].strip())
        for row in rows
        for python, cell in zip(head[1:], row[1:], strict=True)
        for what in cell.removeprefix("tested:").split(";")
        if "CI" in what
    }
    tried = {(cell.airflow, cell.python, cell.bounds) for cell in cells_of_ci(CI_PYTHON)}
    assert named == {*tried, (AIRFLOWS[-1], CI_PYTHON, "all tests")}


def test_ci_takes_the_packages_of_the_day_on_which_all_cells_were_run() -> None:
    day = datetime.fromisoformat(LAST_RUN)
    assert f"All of them were run on {day.day} {day:%B %Y}," in SUPPORT


def test_what_ci_runs_is_what_ci_runs() -> None:
    assert "make matrix ARGS=--ci" in (ROOT / ".ci/run").read_text()
    assert "Then `make matrix ARGS=--ci`" in SUPPORT


def test_every_postgresql_has_a_row_that_says_whether_it_was_tested() -> None:
    _, *rows = table("PostgreSQL")
    assert [row[0] for row in rows] == [str(major) for major in range(14, 19)]
    assert {row[1].split(":")[0].split(",")[0] for row in rows} <= KNOWN


def test_a_postgresql_is_called_tested_where_the_matrix_or_ci_tries_it() -> None:
    _, *rows = table("PostgreSQL")
    assert {int(row[0]) for row in rows if row[1].startswith("tested")} == {*PACKAGED, CI_POSTGRES}
    assert {int(row[0]) for row in rows if "in CI" in row[1]} == {*what_is_asked(["--ci"]).postgres, CI_POSTGRES}


def test_the_oldest_airflow_of_the_matrix_is_the_oldest_that_the_wheel_asks_for() -> None:
    assert str(NEEDED["apache-airflow"].specifier) == f">={AIRFLOWS[0]}"


def test_the_dag_files_that_are_to_be_copied_are_those_that_there_are() -> None:
    row = next(line for line in INSTALLING.splitlines() if line.startswith("| `dags/` |"))
    assert set(re.findall(r"`(\w+\.py)`", row)) == {file.name for file in (ROOT / "dags").glob("*.py")}
    assert "nine short files" in row
    assert len(list((ROOT / "dags").glob("*.py"))) == 9


def test_the_page_on_installing_names_this_wheel_and_what_it_needs_newer_than_airflow_3_1_has_it() -> None:
    assert f"dbops_airflow-{__version__}-py3-none-any.whl" in INSTALLING
    assert "`apache-airflow-providers-standard`, of which [approvals](approvals.md) need 1.17" in INSTALLING
    assert str(NEEDED["apache-airflow-providers-standard"].specifier) == ">=1.17"
