"""The wheel, installed for real into an environment of its own: what it must do is what support/smoke.py says.

The environment borrows the packages of this one, so that nothing is downloaded; `make matrix` makes whole ones.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from support.surroundings import fill, surroundings
from support.wheel import build_wheel
from tests.airflow.conftest import ROOT, airflow_environment

SMOKE = ROOT / "support" / "smoke.py"


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel in it."""

    python: Path

    def run(self, *words: str | Path, env: dict[str, str]) -> str:
        """What its Python says on stdout; fails with all it has said where it ends badly."""
        done = subprocess.run([self.python, *words], env=env, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel as built from this checkout, and nothing of the checkout beside it."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel = build_wheel(folder)
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    subprocess.run([uv, "pip", "install", "-q", "--no-deps", "--offline", "--python", python, wheel], check=True)
    [packages] = (folder / "venv/lib").glob("python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installation(python)


@pytest.fixture
def environment(
    tmp_path: Path, empty_database: str, postgres_server: EmbeddedPostgres, s3_server: SeaweedS3, bucket_name: str
) -> dict[str, str]:
    """An empty home for Airflow, and a real database and store."""
    fill(empty_database)
    return surroundings(
        tmp_path, database=empty_database, store=s3_server, bucket=bucket_name, programs=postgres_server.bin_dir
    )


def test_where_the_plugins_of_a_checkout_lie_in_airflow_s_home_too_the_plugin_is_loaded_once(
    installation: Installation, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "plugins", tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    env = {**airflow_environment(tmp_path), "AIRFLOW__CORE__PLUGINS_FOLDER": str(tmp_path / "plugins")}
    program = f"import sys; sys.path.insert(0, {str(SMOKE.parent)!r}); import smoke; smoke.the_plugin_is_loaded_once()"
    assert "the plugin is loaded once" in installation.run("-c", program, env=env)


@pytest.mark.timeout(900)  # several processes of Airflow, one after the other
def test_installed_it_is_found_by_airflow_and_backs_up_drills_restores_and_checks(
    installation: Installation, environment: dict[str, str]
) -> None:
    kept = installation.run(SMOKE, env=environment)
    assert "the plugin is loaded once, from" in kept
    assert "backup__shop has run: back_up, expire" in kept
    assert "is proven, and restored as" in kept
    assert "the checks are green" in kept
