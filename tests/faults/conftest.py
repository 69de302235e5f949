"""The scene of an accident."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.relay import Relay
from dbops.domain.backup import BackupId
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import Programs, backed_up, execute, target
from tests.drills import public_folder
from tests.faults.dying import COVERED, Nursery, nursery
from tests.faults.hostile_s3 import HostileS3, hostile_s3
from tests.faults.restore_scene import Kiosk, RestoreScene, restore_stage
from tests.faults.scene import Premiere, Scene, address_of
from tests.servers import empty_and_delete

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# 45 MB that do not compress, read first because pg_dump begins with the largest table, and smaller tables behind it.
_FILL = (
    "CREATE EXTENSION pgcrypto",
    """CREATE TABLE films AS
       SELECT n AS id, encode(gen_random_bytes(1000), 'base64') AS reel FROM generate_series(1, 45000) n""",
    "CREATE TABLE visitors AS SELECT n AS id, 'visitor ' || n AS name FROM generate_series(1, 3000) n",
    "CREATE TABLE tickets AS SELECT n AS id, n % 3000 AS visitor FROM generate_series(1, 9000) n",
    "CREATE TABLE seats (id int)",
    "ANALYZE",  # pg_dump goes by the sizes that statistics tell
)


@pytest.fixture(scope="session")
def cinema(postgres_server: EmbeddedPostgres) -> str:
    """The name of a database from which every scene takes its own copy."""
    postgres_server.create_database("cinema")
    execute(postgres_server.url("cinema"), *_FILL)
    return "cinema"


@pytest.fixture(scope="session")
def premiere(postgres_server: EmbeddedPostgres, cinema: str, s3_server: SeaweedS3) -> Iterator[Premiere]:
    """A backup for all tests of backups: each of them has its own copy of it."""
    client, bucket = s3_server.client(), f"premiere-{secrets.token_hex(6)}"
    s3_server.create_bucket(bucket)
    yield Premiere.made(client, bucket, s3_server, postgres_server.url(cinema), Programs(postgres_server).folder)
    empty_and_delete(client, bucket)
    client.close()


@pytest.fixture
def scene(  # noqa: PLR0917 - fixtures have no other way
    postgres_server: EmbeddedPostgres,
    cinema: str,
    s3_server: SeaweedS3,
    s3_client: S3Client,
    bucket_name: str,
    tmp_path: Path,
    premiere: Premiere,
) -> Iterator[Scene]:
    """A copy of the database, a fresh bucket behind a proxy, and what starts jobs; none of it outlives the test."""
    database = f"scene_{secrets.token_hex(4)}"
    execute(postgres_server.url(), f"CREATE DATABASE {database} TEMPLATE {cinema} STRATEGY file_copy")
    (tmp_path / "spool").mkdir()
    with hostile_s3(s3_server.endpoint_url) as proxy, public_folder() as public:
        stage = Scene(
            postgres_server,
            database,
            s3_server,
            proxy,
            s3_client,
            bucket_name,
            tmp_path,
            Programs(postgres_server),
            public,
            premiere,
        )
        try:
            yield stage
        finally:
            proxy.go_away()
            for job in stage.jobs:
                if job.process.poll() is None:
                    job.kill()
            for job in stage.jobs:
                for pid in job.offspring():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            postgres_server.start()  # where the test was ended before it could: all others live on it
            postgres_server.drop_database(database)


@pytest.fixture
def proxy(s3_server: SeaweedS3) -> Iterator[HostileS3]:
    """The S3 server behind a proxy that may misbehave."""
    with hostile_s3(s3_server.endpoint_url) as hostile:
        yield hostile


@pytest.fixture
def slow_line(scene: Scene) -> Iterator[Relay]:
    """A line to the database server that takes 10 seconds and more for the largest table."""
    with Relay(*address_of(scene.server), 5e6) as relay:
        yield relay


# What restores bring back: small, so that each takes seconds; the store holds back what has to take long.
_KIOSK = (
    "CREATE TABLE films AS SELECT n AS id, sha512(n::text::bytea) AS reel FROM generate_series(1, 2000) n",
    "ALTER TABLE films ADD PRIMARY KEY (id)",
    "CREATE TABLE visitors AS SELECT n AS id, 'visitor ' || n AS name FROM generate_series(1, 3000) n",
    "CREATE TABLE tickets AS SELECT n AS id, n % 3000 AS visitor FROM generate_series(1, 9000) n",
    "ANALYZE",
)


@pytest.fixture(scope="session")
def kiosk(postgres_server: EmbeddedPostgres, s3_server: SeaweedS3) -> Iterator[Kiosk]:
    """A backup for all tests of restores: each of them has a live database, runs and names of its own."""
    owner, password, bucket = "kiosk_owner", secrets.token_hex(8), f"kiosk-{secrets.token_hex(6)}"
    postgres_server.create_role(owner, password, create_databases=True)
    postgres_server.create_database("kiosk", owner=owner)
    url = postgres_server.url("kiosk", user=owner, password=password)
    execute(url, *_KIOSK)
    s3_server.create_bucket(bucket)
    report = backed_up(target(bucket, globals=False), url, s3_server, Programs(postgres_server).folder)
    yield Kiosk(owner, password, bucket, BackupId(report.backup_id))
    client = s3_server.client()
    empty_and_delete(client, bucket)
    client.close()


@pytest.fixture
def restore_scene(
    postgres_server: EmbeddedPostgres, s3_server: SeaweedS3, kiosk: Kiosk, tmp_path: Path
) -> Iterator[RestoreScene]:
    """A live database, what only looks like something a restore has left, and a store that may misbehave."""
    with restore_stage(postgres_server, s3_server, kiosk, tmp_path) as stage:
        yield stage
        postgres_server.start()  # where the test was ended before it could: all others live on it


@pytest.fixture(scope="module", autouse=True)
def _jobs_uncounted() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(COVERED, raising=False)
        yield


@pytest.fixture(scope="session")
def births() -> Iterator[Nursery]:
    """What gives birth to jobs that are to die."""
    with nursery() as made:
        yield made
