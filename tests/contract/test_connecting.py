"""Every session begins in gateways/server/connecting.py: none forgets to say whose functions it finds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PLUGINS = Path(__file__).parents[2] / "plugins"
CONNECTING = "dbops/gateways/server/connecting.py"
# SQL that others wrote is meant in the application's search_path. Whoever adds a module tells docs/access.md why.
AS_APPLICATION = {
    CONNECTING,
    "dbops/gateways/probing/session.py",  # probes
    "dbops/gateways/schema/schema_rename.py",  # CREATE EXTENSION, on a throw-away server
    "dbops/gateways/scratch/scratch_session.py",  # migrations, on a scratch database
}
OTHER_DRIVERS = {"psycopg", "asyncpg", "pg8000"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PLUGINS.rglob("*.py")):
        yield path.relative_to(PLUGINS).as_posix(), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """Each module, and each name out of a module, that is imported anywhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(tree: ast.Module, name: str) -> list[ast.Call]:
    return [one for one in ast.walk(tree) if isinstance(one, ast.Call) and ast.unparse(one.func) == name]


def test_one_module_calls_the_driver() -> None:
    direct = {name for name, tree in modules() if calls(tree, "psycopg2.connect")}
    assert direct == {CONNECTING}
    assert not {name for name, tree in modules() if "psycopg2.connect" in set(imported(tree))}


def test_no_other_driver_is_used() -> None:
    used = {
        (name, one)
        for name, tree in modules()
        for one in imported(tree)
        if any(one == driver or one.startswith(f"{driver}.") for driver in OTHER_DRIVERS)
    }
    assert not used
    assert {name for name, tree in modules() if any("providers.postgres" in one for one in imported(tree))} == {
        "dbops_airflow/iam.py"  # asks it for a token and connects to no database
    }


def test_one_module_makes_engines() -> None:
    assert {name for name, tree in modules() if "create_engine" in ast.dump(tree)} == {CONNECTING}


def test_only_what_runs_the_sql_of_others_connects_as_the_application() -> None:
    taking = {name for name, tree in modules() if "connect_as_application" in ast.dump(tree)}
    assert taking == AS_APPLICATION
