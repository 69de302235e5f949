"""What deploy/helm/values.yaml promises.

The chart and its schema are not here, and not to be had in CI: these values were checked against the schema of the
chart's version that they name when they were written, and `helm` checks them again whenever they are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy/helm/values.yaml").read_text()
VALUES: dict[str, Any] = yaml.safe_load(TEXT)
TASKS: dict[str, Any] = VALUES["workers"]["kubernetes"]
PAGE = (ROOT / "docs/deploy.md").read_text()


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping and no list, with its dotted path."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}")
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below, f"{path}[]")
    else:
        yield path, value


def told(part: dict[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in part["env"]}


def mounted(part: dict[str, Any]) -> dict[str, str]:
    """Where each of a pod's volumes is mounted, by its name."""
    mounts = {mount["name"]: mount["mountPath"] for mount in part["extraVolumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in part["extraVolumes"]}
    return mounts


def test_every_task_is_a_pod_with_a_disk_that_is_deleted_with_it() -> None:
    assert VALUES["executor"] == "KubernetesExecutor"
    [spool] = [volume for volume in TASKS["extraVolumes"] if volume["name"] == "spool"]
    claim = spool["ephemeral"]["volumeClaimTemplate"]["spec"]
    assert claim["resources"]["requests"]["storage"]
    assert mounted(TASKS)["spool"] == told(TASKS)["TMPDIR"] == "/var/spool/dbops"


def test_a_pod_whose_worker_died_is_deleted_too_with_its_disk() -> None:
    """Nothing else does it: the chart's own cleanup is off, and to keep failed pods is the executor's default."""
    executor = VALUES["config"]["kubernetes_executor"]
    assert (executor["delete_worker_pods"], executor["delete_worker_pods_on_failure"]) == ("True", "True")
    assert VALUES["config"]["logging"]["remote_logging"] == "True", "its log would be gone with it"


def test_connections_come_from_a_secret_where_tasks_and_callbacks_run() -> None:
    for part, prefix, secret in (
        (TASKS, "AIRFLOW__WORKERS__SECRETS_", "dbops-connections"),
        (VALUES["dagProcessor"], "AIRFLOW__SECRETS__", "dbops-connections"),
        (VALUES["apiServer"], "AIRFLOW__SECRETS__", "dbops-store-connections"),  # the page reads, and no database
    ):
        [volume] = [volume for volume in part["extraVolumes"] if volume["name"] == "connections"]
        assert volume["secret"]["secretName"] == secret
        assert volume["secret"]["defaultMode"] & 0o007 == 0
        assert mounted(part)["connections"] in told(part)[f"{prefix}BACKEND_KWARGS"]
    for part in ("scheduler", "triggerer"):
        assert "extraVolumes" not in VALUES[part], f"{part} needs no database's password"


def test_links_in_mails_lead_to_an_address_that_the_page_says_to_change() -> None:
    assert VALUES["config"]["api"]["base_url"] == "https://airflow.example.com"
    assert "`config.api.base_url`" in PAGE


def test_a_nights_backups_leave_room_for_the_watch_and_a_restore() -> None:
    core = VALUES["config"]["core"]
    slots = {variable["name"]: int(variable["value"]) for variable in VALUES["env"]}
    assert slots.keys() == {"DBOPS_HEAVY_SLOTS"}, "what tells every component, for all must agree"
    assert slots["DBOPS_HEAVY_SLOTS"] + core["default_pool_task_slot_count"] < core["parallelism"]


def test_no_secret_stands_in_the_values() -> None:
    for path, value in leaves(VALUES):
        assert not re.search(r"(password|pass|secretKey|fernetKey)$", path.split(".")[-1], re.IGNORECASE), path
        assert "://" not in str(value) or "@" not in str(value), path
    assert VALUES["postgresql"]["enabled"] is False
    assert VALUES["createUserJob"]["enabled"] is False


def test_every_secret_is_named_with_its_key_here_and_on_the_page() -> None:
    names = set(re.findall(r"\b(dbops-(?!airflow|worker)[a-z-]+)\b", re.sub(r"#.*", "", TEXT)))
    assert len(names) == 6
    for name in names:
        assert re.search(rf"create secret generic {name} ", PAGE), f"docs/deploy.md does not say how to make {name}"


def test_one_image_everywhere_with_the_version_of_airflow_that_is_locked() -> None:
    images = VALUES["images"]
    executor = VALUES["config"]["kubernetes_executor"]
    names = {(images[name]["repository"], str(images[name]["tag"])) for name in ("airflow", "pod_template")}
    names |= {(executor["worker_container_repository"], str(executor["worker_container_tag"]))}
    assert len(names) == 1
    assert f"apache-airflow=={VALUES['airflowVersion']} " in (ROOT / "requirements.txt").read_text()
    for provider in ("cncf-kubernetes", "fab"):
        assert f"apache-airflow-providers-{provider}==" in (ROOT / "requirements-image.txt").read_text()


def test_a_task_is_nobody_special_and_is_not_moved_while_it_works() -> None:
    pod, container = TASKS["securityContexts"]["pod"], TASKS["securityContexts"]["container"]
    assert pod["runAsNonRoot"]
    assert pod["runAsUser"] == 50000
    assert container == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert VALUES["securityContexts"]["containers"] == container
    assert TASKS["safeToEvict"] is False
    assert TASKS["serviceAccount"]["automountServiceAccountToken"] is False


def test_every_part_says_what_it_takes() -> None:
    for part in (TASKS, *(VALUES[name] for name in ("scheduler", "apiServer", "dagProcessor", "triggerer"))):
        assert part["resources"]["requests"].keys() == {"cpu", "memory"}
        assert part["resources"]["limits"]["memory"]


def test_the_page_names_the_charts_version_that_these_values_were_checked_with() -> None:
    [version] = set(re.findall(r"(?:--version|chart) (\d+\.\d+\.\d+)", TEXT))
    assert f"chart {version}" in PAGE
