"""Which cells `make matrix` tries."""

from __future__ import annotations

import pytest

from support.asked import BOUNDS, LAST_RUN, cells_of_ci, what_is_asked
from support.environments import AIRFLOWS, PYTHONS, Cell
from support.postgres_servers import PACKAGED
from support.pythons import OWN

ALL = [(airflow, python) for airflow in AIRFLOWS for python in PYTHONS]


def test_without_a_word_every_cell_and_every_server_is_tried_and_each_python_is_needed() -> None:
    asked = what_is_asked([])
    assert len(set(asked.cells)) == len(asked.cells) == len(AIRFLOWS) * len(PYTHONS) * 2
    assert asked.postgres == tuple(PACKAGED)
    assert asked.beside == Cell(AIRFLOWS[-1], OWN, "newest")
    assert asked.needs_each
    assert {cell.until for cell in asked.cells} == {None}


def test_what_is_named_is_tried_and_nothing_else() -> None:
    asked = what_is_asked(["--airflow", "3.2", "--python", "3.12", "--bounds", "oldest", "--postgres"])
    assert (asked.cells, asked.postgres) == ((Cell("3.2", "3.12", "oldest"),), ())


def test_ci_tries_what_is_on_its_machine_of_its_cells_and_of_every_server() -> None:
    asked = what_is_asked(["--ci"])
    assert asked.cells == cells_of_ci(OWN)
    assert asked.postgres == tuple(PACKAGED)
    assert not asked.needs_each


@pytest.mark.parametrize("own", [*PYTHONS, "3.14"])
def test_ci_tries_every_airflow_on_every_python_once_but_for_that_of_all_tests(own: str) -> None:
    tried = [(cell.airflow, cell.python) for cell in cells_of_ci(own)]
    assert sorted([*tried, *({(AIRFLOWS[-1], own)} & set(ALL))]) == sorted(ALL)


@pytest.mark.parametrize("own", [*PYTHONS, "3.14"])
def test_every_airflow_and_every_python_meets_both_bounds_in_ci(own: str) -> None:
    cells = *cells_of_ci(own), Cell(AIRFLOWS[-1], own, "newest")  # all tests: the lock has the last release
    for airflow in AIRFLOWS:
        assert {cell.bounds for cell in cells if cell.airflow == airflow} == set(BOUNDS)
    for python in PYTHONS:
        assert {cell.bounds for cell in cells if cell.python == python} == set(BOUNDS)


def test_no_package_turns_ci_red_that_was_released_after_the_last_run_of_all_cells() -> None:
    asked = what_is_asked(["--ci"])
    assert {cell.until for cell in (*asked.cells, asked.beside)} == {LAST_RUN}


@pytest.mark.parametrize("more", [["--airflow", "3.2"], ["--postgres"]])
def test_what_ci_tries_cannot_be_narrowed_without_a_word(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        what_is_asked([*more, "--ci"])
    assert "--ci names the cells by itself: give it alone" in capsys.readouterr().err
