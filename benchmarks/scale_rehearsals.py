"""Hundreds of restores rehearsed in one hour, on one server, and beside a host that is dead. See docs/scale.md."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from benchmarks.measured_run import run_measured
from benchmarks.relay import Relay
from benchmarks.results import Table
from benchmarks.scale_points import Point, keep
from benchmarks.stage import REPOSITORY, STATE, Stage
from dbops.domain.backups.backup import BackupId, BackupManifest
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.gateways.files.target_files import read_targets
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.store.rehearsals import read_rehearsal

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SIZES = (30, 100, 300)
DAILY, QUIET, BESIDE_DEAD = "rehearse all", "an hour in which none is due", "rehearse all, ten at a dead host"
_KEPT = 40  # backups of each target, as the default retention keeps
_SCALE = 0.01
_DEAD_OF = 300
_DEAD = 10
_MODEL = "shop_0000"


def measure_rehearsals(place: Stage, _runs: int) -> Table:
    """Once each. The targets' databases lie on one server, and are empty but for the first: nobody looks into them."""
    points: list[Point] = []
    try:
        for size in SIZES:
            names = [f"shop_{number:04}" for number in range(size)]
            for name in names:
                place.server.create_database(name)
            with place.bucket() as bucket, place.opened(bucket) as opened:
                scene = _Scene(place, bucket, opened, names)
                scene.back_up()
                points.append(scene.measured(DAILY))
                points.append(scene.measured(QUIET))
                if size == _DEAD_OF:
                    scene.forget()
                    points.append(scene.measured(BESIDE_DEAD, names[:_DEAD]))
            keep("rehearsals", points)
    finally:
        for number in range(max(SIZES)):
            place.server.drop_database(f"shop_{number:04}")
    return keep("rehearsals", points)


class _Scene:
    """So many targets of one server, each with backups; the bytes of all are those of the first one's."""

    def __init__(self, place: Stage, name: str, bucket: S3Bucket, names: Sequence[str]) -> None:
        self._place, self._name, self._bucket, self._names = place, name, bucket, names
        self._include = _include(name, names)
        self._environment = {**place.environment(_MODEL), "DBOPS_INCLUDE": str(self._include)}

    def back_up(self) -> None:
        """One for real; its objects are copied to the others, and older backups are their manifests."""
        variable = f"AIRFLOW_CONN_{_MODEL.upper()}"
        sample = self._place.server.url(self._place.sample(_SCALE))
        command = [sys.executable, "-m", "dbops", "backup", _MODEL, "--json"]
        run_measured(command, {**self._environment, variable: sample}, self._place.spool)
        first = self._targets()[_MODEL]
        [key] = [each.key for each in self._bucket.list(Layout(first.root).backups) if "manifest" in each.key]
        manifest = BackupManifest.from_json(self._bucket.get(key))
        client = self._place.store.client()
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda target: self._copy(client, first, manifest, target), self._targets().values()))
        client.close()
        run_measured(
            [sys.executable, "-m", "dbops", "watch", "--json"], self._environment, self._place.spool, well=(0, 1)
        )  # it leaves the indexes

    def _copy(self, client: S3Client, first: Target, manifest: BackupManifest, target: Target) -> None:
        source, own = Layout(first.root), Layout(target.root)
        mine = replace(manifest, target=target.name, database=target.name)
        for file in manifest.files if target.name != first.name else ():
            place = f"{source.folder(manifest.backup_id)}{file.name}"
            key = f"{own.folder(manifest.backup_id)}{file.name}"
            client.copy_object(Bucket=self._name, Key=key, CopySource={"Bucket": self._name, "Key": place})
        self._bucket.put(own.manifest(mine.backup_id), mine.to_json())
        for nights in range(1, _KEPT):
            started = manifest.started - timedelta(days=nights)
            older = replace(mine, backup_id=BackupId.at(started), started=started, finished=started)
            self._bucket.put(own.manifest(older.backup_id), older.to_json())

    def forget(self) -> None:
        """Let all be due again."""
        for target in self._targets().values():
            self._bucket.delete(Layout(target.root).rehearsal)

    def measured(self, what: str, dead: Sequence[str] = ()) -> Point:
        """One hour's work; ``waited`` is when the last one of a living host was begun, in seconds."""
        place, said = self._place, STATE / "rehearsing.json"
        with Relay("127.0.0.1", place.server.port) as relay, _dead_host() as dead_port:
            told = {"port": relay.port, "dead": list(dead), "dead_port": dead_port, "said": str(said)}
            before = self._sessions()
            began = datetime.now(UTC)
            command = [sys.executable, "-m", "benchmarks.rehearsing", json.dumps(told)]
            environment = {**self._environment, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'plugins'}"}
            run = run_measured(command, environment, place.spool)
            most = relay.most_at_once
        answer = json.loads(said.read_text())
        more = {
            "connections": self._sessions() - before - 1,  # one asked for their number
            "at_once": most,
            **answer["requests"],
            "ready": sum(": ready," in line for line in answer["lines"]),
        }
        if dead:
            last = max(self._planned(name) for name in self._names if name not in dead)
            more["waited"] = round((last - began).total_seconds(), 1)
        point = Point.of(what, len(self._names), [run], **more)
        print(f"  {point.row()}", file=sys.stderr)
        return point

    def _planned(self, name: str) -> datetime:
        found = read_rehearsal(self._bucket, self._targets()[name])
        return found.planned if found is not None else datetime.max.replace(tzinfo=UTC)

    def _targets(self) -> dict[str, Target]:
        return dict(read_targets(self._include).targets)

    def _sessions(self) -> int:
        with psycopg.connect(self._place.server.url()) as connection:
            row = connection.execute("SELECT sum(sessions)::bigint FROM pg_stat_database").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def _dead_host() -> Iterator[int]:
    """The port of one that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield listener.getsockname()[1]


def _include(bucket: str, names: Sequence[str]) -> Path:
    include = STATE / "rehearsals-include"
    shutil.rmtree(include, ignore_errors=True)
    (include / "targets").mkdir(parents=True)
    (include / "sql").symlink_to(REPOSITORY / "include/sql")
    (include / "defaults.yaml").write_text(json.dumps({"environment": "development", "storage": {"bucket": bucket}}))
    for name in names:
        (include / f"targets/{name}.yaml").write_text(json.dumps({"connection": name}))
    return include
