"""What `make compose-env` promises."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "compose-env"], cwd=folder, text=True, capture_output=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", ".env.example", "requirements-uv.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def settings(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_0-9]+)=(.*)$", file.read_text(), re.MULTILINE))


def test_it_fills_in_every_secret_with_another_value(checkout: Path) -> None:
    assert make(checkout).returncode == 0
    filled, example = settings(checkout / ".env"), settings(checkout / ".env.example")
    assert filled.keys() == example.keys()
    secrets = [value for name, value in filled.items() if not example[name]]
    assert len(set(secrets)) == len(secrets) > 0
    assert all(len(secret) >= 44 for secret in secrets)
    assert {name: filled[name] for name in example if example[name]} == {k: v for k, v in example.items() if v}


def test_the_fernet_key_is_32_bytes_and_the_others_need_no_quoting(checkout: Path) -> None:
    make(checkout)
    filled = settings(checkout / ".env")
    assert len(base64.urlsafe_b64decode(filled.pop("AIRFLOW_FERNET_KEY"))) == 32
    assert all(re.fullmatch(r"[0-9a-f]{64}|\d{4}", value) for value in filled.values())


def test_only_its_owner_can_read_it(checkout: Path) -> None:
    make(checkout)
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600


def test_it_never_replaces_passwords_that_may_be_in_use(checkout: Path) -> None:
    make(checkout)
    before = (checkout / ".env").read_bytes()
    again = make(checkout)
    assert again.returncode != 0
    assert "remove it to have new ones" in again.stderr
    assert (checkout / ".env").read_bytes() == before


def test_git_ignores_it() -> None:
    subprocess.run(["git", "check-ignore", "--quiet", ".env"], cwd=ROOT, check=True)
