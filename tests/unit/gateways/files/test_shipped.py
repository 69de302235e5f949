"""What an include folder need not hold, because it came with the wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbops.gateways.files import shipped as module
from dbops.gateways.files.shipped import PROJECT, shipped
from dbops.gateways.files.sql_files import catalog_sql


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a wheel would have brought: e-mail templates and one SQL text."""
    folder = tmp_path / "project"
    (folder / "include/email").mkdir(parents=True)
    (folder / "include/sql/catalog").mkdir(parents=True)
    (folder / "include/sql/catalog/one.sql").write_text("SELECT 1")
    monkeypatch.setattr(module, "PROJECT", folder)
    return folder


def test_a_checkout_has_nothing_that_a_wheel_would_bring() -> None:
    assert not PROJECT.exists()
    assert shipped(Path("/elsewhere"), "email") == Path("/elsewhere/email")


def test_what_the_include_folder_lacks_is_what_came_with_the_wheel(project: Path, tmp_path: Path) -> None:
    assert shipped(tmp_path / "include", "email") == project / "include/email"


def test_what_the_include_folder_has_is_used(project: Path, tmp_path: Path) -> None:
    (tmp_path / "include/email").mkdir(parents=True)
    assert shipped(tmp_path / "include", "email") == tmp_path / "include/email"


def test_what_neither_has_is_missed_where_people_can_put_it(project: Path, tmp_path: Path) -> None:
    assert shipped(tmp_path / "include", "report") == tmp_path / "include/report"


@pytest.mark.usefixtures("project")
def test_the_catalog_is_asked_with_the_sql_that_came_with_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBOPS_INCLUDE", str(tmp_path / "include"))
    assert catalog_sql("one") == "SELECT 1"
