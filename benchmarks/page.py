"""The page of 300 targets beside plain boto3 that reads the same objects. See benchmarks/README.md."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measured_run import RunFailed
from benchmarks.results import Bound, Table
from benchmarks.stage import REPOSITORY, STATE, Stage
from dbops.domain.backups.backup import BackupId
from dbops.domain.target_index.target_index import TargetIndex
from dbops.gateways.files.target_files import read_targets
from dbops.gateways.store.index_bundles import renew_bundle
from dbops.gateways.store.target_indexes import write_index
from tests.airflow.page_airflow import index_of

ANEW = "dbops page, read anew"
SINGLY = "the same, one by one"
AGAIN = "dbops page, read again"
SHARED = "dbops page, read before"
PLAIN = "boto3 get_object, 16 threads"
WAYS = (ANEW, SINGLY, AGAIN, SHARED, PLAIN)
HEADER = f"{'way':30} {'median s':>8} {'CPU s':>7}  seconds of each run"
_TARGETS, _BACKUPS = 300, 40
_DATABASE = "airflow_page"
_LONGEST = 1.0
_MORE_CPU = 2.5


@dataclass(frozen=True)
class Look:
    """One way, each run of it as its seconds and its CPU seconds."""

    way: str
    runs: tuple[tuple[float, float], ...]

    @property
    def seconds(self) -> float:
        """The median."""
        return median(seconds for seconds, _ in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """The median."""
        return median(cpu for _, cpu in self.runs)

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self) | {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds}

    def row(self) -> str:
        """One line of the table."""
        each = " ".join(f"{seconds:.2f}" for seconds, _ in self.runs)
        return f"{self.way:30} {self.seconds:8.2f} {self.cpu_seconds:7.2f}  {each}"


def measure_page(place: Stage, runs: int) -> Table:
    """The page in four ways and plain boto3 in turn, in a process of their own, after a round that is not counted."""
    with place.bucket() as bucket:
        include = _include(bucket)
        _fill(place, bucket, include)
        place.server.create_database(_DATABASE)
        looks = _looks(place, include, bucket, runs)
    found = {way: Look(way, tuple((seconds, cpu) for seconds, cpu in looks[way])) for way in WAYS}
    bounds = [
        Bound("seconds for a page that is read anew", found[ANEW].seconds, _LONGEST, at_least=False),
        Bound("seconds for a page that is read again", found[AGAIN].seconds, _LONGEST, at_least=False),
        Bound("seconds for a page that was read before", found[SHARED].seconds, _LONGEST, at_least=False),
        Bound(
            "times the CPU seconds of plain boto3, read anew",
            found[ANEW].cpu_seconds / found[PLAIN].cpu_seconds,
            _MORE_CPU,
            at_least=False,
        ),
    ]
    return Table(HEADER, list(found.values()), bounds)


def _include(bucket: str) -> Path:
    include = STATE / "page/include"
    (include / "targets").mkdir(parents=True, exist_ok=True)
    (include / "defaults.yaml").write_text(
        f"storage: {{bucket: {bucket}}}\nalerts: {{recipients: [a@shop.internal]}}\n"
    )
    for number in range(_TARGETS):
        (include / f"targets/db_{number:03}.yaml").write_text("connection: shop\n")
    return include


def _fill(place: Stage, bucket: str, include: Path) -> None:
    targets = read_targets(include).targets.values()
    with place.opened(bucket) as to:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda one: write_index(to, one, _index(one.name)), targets))
        renew_bundle(to, targets)


def _index(name: str) -> TargetIndex:
    """Of a target that has kept so many nightly backups, and about which nothing is wrong."""
    index = index_of(name)
    newest = index.backups[-1]
    older = (
        replace(
            newest,
            backup_id=BackupId.at(newest.started - timedelta(days=nights)),
            finished=newest.finished - timedelta(days=nights),
            verified=None,
        )
        for nights in range(_BACKUPS - 1, 0, -1)
    )
    return replace(index, backups=(*older, newest))


def _looks(place: Stage, include: Path, bucket: str, runs: int) -> Mapping[str, list[tuple[float, float]]]:
    home = STATE / "page/airflow"
    home.mkdir(exist_ok=True)
    said = home / "looks.json"
    store = place.store
    connection = {
        "conn_type": "aws",
        "login": store.access_key,
        "password": store.secret_key,
        "extra": {"endpoint_url": store.endpoint_url, "region_name": store.region},
    }
    environment = {
        **place.environment(_DATABASE),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": place.server.url(_DATABASE).replace("://", "+psycopg2://", 1),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        "_AIRFLOW_PROCESS_CONTEXT": "server",
        "DBOPS_INCLUDE": str(include),
    }
    command = [sys.executable, "-m", "benchmarks.page_looks", bucket, str(runs), str(said)]
    ended = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RunFailed(f"{command[2]} ended with status {ended.returncode}: {ended.stderr[-2000:]}")
    looks: Mapping[str, list[tuple[float, float]]] = json.loads(said.read_text())
    load = os.getloadavg()[0]
    print(f"  {runs} rounds, with a load of {load:.1f} on {os.cpu_count()} cores", file=sys.stderr)
    return looks
