"""Where `make matrix` finds its Pythons, and what it says of a cell that cannot be run, or fails."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from support.environments import Cell
from support.pythons import OWN, NoPython, find_python
from support.trial import Trial

ABSENT = "3.99"


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The one folder on PATH, empty; and a pyenv without a Python."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path / "bin"


def stand_in(place: Path, says: str, status: int = 0) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\necho {says}\nexit {status}\n")
    place.chmod(0o755)
    return place


def test_the_own_python_is_found_where_nothing_else_is() -> None:
    assert find_python(OWN) == Path(sys.executable)


def test_a_python_on_path_goes_before_one_of_pyenv(path: Path, tmp_path: Path) -> None:
    stand_in(tmp_path / f"pyenv/versions/{ABSENT}.0/bin/python{ABSENT}", ABSENT)
    on_path = stand_in(path / f"python{ABSENT}", ABSENT)
    assert find_python(ABSENT) == on_path


def test_a_name_of_pyenv_that_does_not_run_is_passed_over_for_the_newest_release_below_it(
    path: Path, tmp_path: Path
) -> None:
    stand_in(path / f"python{ABSENT}", "not found", status=127)
    for release in ("9", "10", "11-dev"):
        stand_in(tmp_path / f"pyenv/versions/{ABSENT}.{release}/bin/python{ABSENT}", ABSENT)
    assert find_python(ABSENT) == tmp_path / f"pyenv/versions/{ABSENT}.10/bin/python{ABSENT}"


def test_a_python_of_another_version_than_its_name_is_not_taken(path: Path) -> None:
    stand_in(path / f"python{ABSENT}", "3.12")
    with pytest.raises(NoPython, match=r"there is no Python 3\.99 on PATH or under pyenv"):
        find_python(ABSENT)


@pytest.fixture
def trial(tmp_path: Path, s3_server: SeaweedS3, postgres_server: EmbeddedPostgres) -> Trial:
    """Of a wheel that nobody has built."""
    return Trial(tmp_path, tmp_path / "absent.whl", s3_server, postgres_server)


@pytest.mark.parametrize("needed", [True, False])
def test_a_cell_without_its_python_is_told_as_not_run_and_fails_where_it_is_needed(
    needed: bool,
    trial: Trial,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert trial.of_cell(Cell("3.1", ABSENT, "oldest"), needed=needed) is not needed
    said = "Airflow 3.1, Python 3.99, oldest: NOT RUN: there is no Python 3.99 on PATH or under pyenv\n"
    assert capsys.readouterr().out == said


def test_a_cell_that_cannot_be_installed_fails_also_where_its_python_is_not_needed(
    trial: Trial,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    assert not trial.of_cell(Cell("3.1", OWN, "oldest"), needed=False)
    assert f"Airflow 3.1, Python {OWN}, oldest: NOT INSTALLED: " in capsys.readouterr().out


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the tests, for every cell: there is no wheel in it."""
    monkeypatch.setattr(Cell, "install", lambda *_: Path(sys.executable))


@pytest.mark.usefixtures("own_environment")
@pytest.mark.parametrize("needed", [True, False])
def test_servers_for_which_npm_is_missing_are_each_told_as_not_run_and_fail_where_they_are_needed(
    needed: bool,
    trial: Trial,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert trial.of_postgres((14, 16), Cell("3.3", OWN, "newest"), needed=needed) is not needed
    said = "NOT RUN: there is no npm on PATH, by which that server is fetched"
    assert capsys.readouterr().out == f"PostgreSQL 14: {said}\nPostgreSQL 16: {said}\n"


@pytest.mark.usefixtures("own_environment")
@pytest.mark.parametrize("needed", [True, False])
def test_a_server_that_npm_does_not_fetch_is_told_with_what_npm_says_and_fails_where_it_is_needed(
    needed: bool, path: Path, trial: Trial, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(path / "npm", "No such version", status=1)
    assert trial.of_postgres((14,), Cell("3.3", OWN, "newest"), needed=needed) is not needed
    assert capsys.readouterr().out == "PostgreSQL 14: NOT RUN: it could not be fetched: No such version\n"


def test_servers_whose_environment_cannot_be_installed_fail(
    trial: Trial,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    assert not trial.of_postgres((14, 16), Cell("3.3", OWN, "newest"), needed=False)
    assert f"PostgreSQL 14, 16 in Airflow 3.3, Python {OWN}, newest: NOT INSTALLED: " in capsys.readouterr().out


@pytest.mark.usefixtures("own_environment")
def test_a_cell_that_breaks_a_promise_fails_and_prints_the_end_of_what_it_said(
    trial: Trial,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert not trial.of_cell(Cell("3.1", OWN, "oldest"), needed=False)
    said = capsys.readouterr().out
    assert f"Airflow 3.1, Python {OWN}, oldest: FAILED after []; all it said is in {tmp_path}" in said
    assert said.endswith("ModuleNotFoundError: No module named 'dbops'\n")
