"""What the locks promise: every choice is locked with hashes, and production and tests run the same versions."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def normal(name: str) -> str:
    """A package's name as every index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def chosen(name: str) -> set[str]:
    return {normal(line) for line in re.findall(r"^(\w[\w.-]*)", (ROOT / f"{name}.in").read_text(), re.MULTILINE)}


def locked(name: str) -> dict[str, str]:
    lines = re.findall(r"^(\w[\w.-]*)(?:\[\S+\])?==([^\s;]+)", (ROOT / f"{name}.txt").read_text(), re.MULTILINE)
    return {normal(package): version for package, version in lines}


@pytest.mark.parametrize("name", ["requirements", "requirements-image", "requirements-dev", "requirements-uv"])
def test_everything_chosen_is_locked(name: str) -> None:
    missing = chosen(name) - locked(name).keys()
    assert not missing, f"run make lock: {sorted(missing)}"


@pytest.mark.parametrize("name", ["requirements", "requirements-image", "requirements-dev", "requirements-uv"])
def test_everything_locked_has_hashes(name: str) -> None:
    entries = re.split(r"^(?=[a-z])", (ROOT / f"{name}.txt").read_text(), flags=re.MULTILINE)
    assert len(entries) > 1
    for entry in entries[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_what_nothing_may_bring_along_is_not_locked() -> None:
    left_out = chosen("requirements-without")
    assert left_out
    for name in ("requirements", "requirements-image", "requirements-dev", "requirements-uv"):
        assert not left_out & locked(name).keys(), f"{name}: run make lock"


def test_tests_run_with_the_versions_of_production() -> None:
    production, tests = locked("requirements"), locked("requirements-dev")
    different = {name for name, version in production.items() if tests.get(name) != version}
    assert not different, f"run make lock: {sorted(different)}"


def test_the_image_has_what_production_needs_in_the_versions_of_the_tests() -> None:
    image, tests = locked("requirements-image"), locked("requirements-dev")
    assert locked("requirements").items() <= image.items()
    different = {name for name in image.keys() & tests.keys() if image[name] != tests[name]}
    assert not different, f"run make lock: {sorted(different)}"


def test_the_wheel_needs_what_production_needs_and_shuts_out_nothing_newer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [Requirement(line) for line in project["dependencies"]]
    assert {normal(one.name) for one in needed} == chosen("requirements"), "requirements.in and pyproject.toml differ"
    for one in needed:
        assert [part.operator for part in one.specifier] == [">="], one
        assert one.specifier.contains(metadata.version(one.name)), (
            f"{one}, and the tests run with {metadata.version(one.name)}"
        )


def test_no_lock_names_a_registry() -> None:
    for file in ROOT.glob("requirements*"):
        assert "://" not in file.read_text(), file.name


def test_prisma_is_locked_with_hashes_and_without_a_registry() -> None:
    folder = ROOT / "tests/testdata/prisma"
    chosen_packages = json.loads((folder / "package.json").read_text())["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    own = packages.pop("")

    assert own["dependencies"] == chosen_packages
    for name, version in chosen_packages.items():
        assert packages[f"node_modules/{name}"]["version"] == version, f"pin {name} to a version"
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, f"run npm install --omit-lockfile-registry-resolved: {name}"
