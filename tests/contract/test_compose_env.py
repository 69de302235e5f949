"""What `make compose-env` promises."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITER = "deploy/compose/write-secrets"


def make(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "compose-env"], cwd=folder, text=True, capture_output=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout, as far as `make compose-env` needs it."""
    (tmp_path / "deploy/compose").mkdir(parents=True)
    for name in ("Makefile", ".env.example", "requirements-uv.txt", "requirements-dev.txt", WRITER):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def written(checkout: Path) -> dict[str, str]:
    """The files by name, written now."""
    assert make(checkout).returncode == 0
    return files(checkout)


def files(checkout: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in (checkout / ".secrets").iterdir()}


def test_every_secret_is_another_one_each_time(checkout: Path) -> None:
    first = words_of(written(checkout))
    shutil.rmtree(checkout / ".secrets")
    (checkout / ".env").unlink()
    second = words_of(written(checkout))
    assert len(first) == len(second) == 13
    assert not first & second


def words_of(files: dict[str, str]) -> set[str]:
    """The passwords and keys in these files, but for the Fernet key, whose letters are others."""
    return {word for text in files.values() for word in re.findall(r"[0-9a-f]{20,64}", text)}


def test_the_fernet_key_is_32_bytes_and_passwords_need_no_quoting_in_a_url(checkout: Path) -> None:
    secret = written(checkout)
    assert len(base64.urlsafe_b64decode(secret["airflow_fernet_key"])) == 32
    for name in ("airflow_db_password", "redis_password", "summary_app_password", "airflow_jwt_secret"):
        assert re.fullmatch(r"[0-9a-f]{64}", secret[name]), name


def test_who_asks_and_who_answers_have_the_same_password(checkout: Path) -> None:
    secret = written(checkout)
    connections = json.loads(secret["airflow_connections.json"])
    assert connections["summary_app"]["password"] == secret["summary_app_password"]
    of_the_page = json.loads(secret["airflow_store_connections.json"])
    identities = {each["name"]: each for each in json.loads(secret["s3.json"])["identities"]}
    assert identities.keys() == {"dbops", "page"}
    for name, store in (("dbops", connections["aws_default"]), ("page", of_the_page["aws_default"])):
        [keys] = identities[name]["credentials"]
        assert (store["login"], store["password"]) == (keys["accessKey"], keys["secretKey"])
    # What the reader of the bucket's tests has, which is refused whatever it would change.
    assert identities["page"]["actions"] == ["Read", "List"]
    assert f"requirepass {secret['redis_password']}" in secret["redis.conf"].splitlines()
    assert json.loads(secret["airflow_users.json"]).keys() == {"admin", "alice", "bob", "viewer"}


def test_only_its_owner_can_enter_the_folder_and_every_container_can_read_its_files(checkout: Path) -> None:
    written(checkout)
    assert (checkout / ".secrets").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o444 for file in (checkout / ".secrets").iterdir()} == {0o444}


def test_what_stands_in_the_environment_file_is_the_example_and_no_secret(checkout: Path) -> None:
    written(checkout)
    assert (checkout / ".env").read_text() == (ROOT / ".env.example").read_text()


@pytest.mark.parametrize("there", [".env", ".secrets"])
def test_it_never_replaces_passwords_that_may_be_in_use(checkout: Path, there: str) -> None:
    before = written(checkout)
    if there == ".secrets":
        (checkout / ".env").unlink()
    again = make(checkout)
    assert again.returncode != 0
    assert "remove it to have" in again.stderr
    assert files(checkout) == before


def test_a_folder_that_was_begun_and_not_finished_is_written_anew(checkout: Path) -> None:
    (checkout / ".secrets.unfinished").mkdir()
    (checkout / ".secrets.unfinished/redis_password").write_text("half a")
    assert len(written(checkout)["redis_password"]) == 64
    assert not (checkout / ".secrets.unfinished").exists()


@pytest.mark.parametrize("name", [".env", ".secrets/redis_password", ".secrets.unfinished/redis_password"])
def test_git_ignores_them(name: str) -> None:
    subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=True)
