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
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import Programs, execute
from tests.drills import public_folder
from tests.faults.hostile_s3 import HostileS3, hostile_s3
from tests.faults.scene import Scene, address_of

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


@pytest.fixture
def scene(  # noqa: PLR0917 - fixtures have no other way
    postgres_server: EmbeddedPostgres,
    cinema: str,
    s3_server: SeaweedS3,
    s3_client: S3Client,
    bucket_name: str,
    tmp_path: Path,
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
            if postgres_server.is_running():
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
