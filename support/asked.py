"""What is asked: which cells and which servers are tried, all of them unless some are named, or those of CI."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from support.environments import AIRFLOWS, PYTHONS, Bounds, Cell
from support.postgres_servers import PACKAGED
from support.pythons import OWN

BOUNDS: tuple[Bounds, Bounds] = ("newest", "oldest")
# When all of the matrix was run last: what was released since fails no change that has nothing to do with it.
LAST_RUN = "2026-11-27T00:00:00Z"


@dataclass(frozen=True)
class Asked:
    """The servers are tried ``beside`` one cell. Where ``needs_each``, what is not on this machine has failed."""

    cells: tuple[Cell, ...]
    postgres: tuple[int, ...]
    beside: Cell
    needs_each: bool


def cells_of_ci(own: str) -> tuple[Cell, ...]:
    """Every Airflow on every Python, one bound each: as a chessboard, so that each of them meets both bounds.

    But for the Airflow of the lock on the Python that CI has: there all tests are run.
    """
    squares = (
        Cell(airflow, python, BOUNDS[(row + column + 1) % 2], LAST_RUN)
        for row, airflow in enumerate(AIRFLOWS)
        for column, python in enumerate(PYTHONS)
    )
    return tuple(cell for cell in squares if (cell.airflow, cell.python) != (AIRFLOWS[-1], own))


def what_is_asked(words: Sequence[str], description: str | None = None) -> Asked:
    """Read the words of a command line; ends the process with 2 where they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m support", description=description)
    parser.add_argument(
        "--ci", action="store_true", help="what CI tries; a Python or npm that is not here fails nothing"
    )
    parser.add_argument("--airflow", nargs="*", choices=AIRFLOWS, default=AIRFLOWS)
    parser.add_argument("--python", nargs="*", choices=PYTHONS, default=PYTHONS)
    parser.add_argument("--bounds", nargs="*", choices=BOUNDS, default=BOUNDS)
    parser.add_argument("--postgres", nargs="*", type=int, choices=tuple(PACKAGED), default=tuple(PACKAGED))
    said = parser.parse_args(words)
    if said.ci:
        if len(words) > 1:
            parser.error("--ci names the cells by itself: give it alone")
        beside = Cell(AIRFLOWS[-1], OWN, "newest", LAST_RUN)
        return Asked(cells_of_ci(OWN), tuple(PACKAGED), beside, needs_each=False)
    cells = (
        Cell(airflow, python, bounds) for airflow in said.airflow for python in said.python for bounds in said.bounds
    )
    return Asked(tuple(cells), tuple(said.postgres), Cell(AIRFLOWS[-1], OWN, "newest"), needs_each=True)
