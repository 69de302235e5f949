"""Airflow executes what it finds below plugins/: exactly one module of ours."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.stack import PAGE
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


def test_the_page_is_mounted_and_stands_in_the_navigation() -> None:
    from airflow import plugins_manager

    apps = [one for one in plugins_manager.get_fastapi_plugins()[0] if one["name"] == "Database Ops"]
    assert [one["url_prefix"] for one in apps] == ["/database_ops"]
    [view] = [one for one in plugins_manager._get_ui_plugins()[0] if one["name"] == "Database Ops"]
    assert (view["href"], view["destination"], view["url_route"]) == ("/database_ops/", "nav", "database_ops")
    assert view["url_route"] == PAGE  # where the demo sends people
    icons = [ROOT / "plugins/dbops_airflow/page/static" / Path(view[key]).name for key in ("icon", "icon_dark_mode")]
    assert all(icon.is_file() for icon in icons)


def test_a_process_that_loads_the_plugin_does_not_load_the_page() -> None:
    """Every process of Airflow does, a task's too."""
    program = (
        "import sys; import airflow.plugins_manager; before = set(sys.modules); import database_ops_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert "dbops_airflow.page.on_first_request" in loaded
    assert not [name for name in loaded if name.startswith(("fastapi", "jinja2", "dbops.", "airflow.api_fastapi"))]


class Ring:
    """Goes only when the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collected() -> Iterator[None]:
    """Afterwards nothing of this process is set aside."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("collected")
def test_what_airflow_has_loaded_is_not_looked_through_whenever_the_page_is_read_and_what_the_page_leaves_is() -> None:
    from dbops_airflow.plugin import _page

    loaded, given_up = Ring(), weakref.ref(Ring())
    _page()
    assert given_up() is None  # what imports leave behind does not stay for good
    assert not any(one is loaded for one in gc.get_objects())
    left = weakref.ref(Ring())
    gc.collect()
    assert left() is None


def test_many_first_requests_make_the_page_once() -> None:
    from dbops_airflow.page.on_first_request import OnFirstRequest

    made: list[int] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "answered"})

    def make() -> Any:
        made.append(1)
        return app

    answers: list[Any] = []

    async def receive() -> Any:
        return {}

    async def send(message: Any) -> None:
        answers.append(message)

    async def ask_at_once() -> None:
        page = OnFirstRequest(make)
        await asyncio.gather(*(page({}, receive, send) for _ in range(20)))

    asyncio.run(ask_at_once())
    assert (len(made), len(answers)) == (1, 20)
