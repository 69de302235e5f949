"""Airflow executes what it finds below plugins/: exactly one module of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow.conftest import ROOT


@pytest.mark.parametrize("syntax", ["glob", "regexp"])
def test_airflow_discovers_one_module_below_plugins_in_either_ignore_syntax(syntax: str) -> None:
    from airflow._shared.module_loading import find_path_from_directory

    found = [Path(path) for path in find_path_from_directory(ROOT / "plugins", ".airflowignore", syntax)]
    assert [path.name for path in found if path.suffix == ".py"] == ["database_ops_plugin.py"]


def test_the_plugin_is_registered_without_complaint() -> None:
    from airflow import plugins_manager

    names = [info["name"] for info in plugins_manager.get_plugin_info()]
    assert "database_ops" in names
    assert plugins_manager.get_import_errors() == {}
