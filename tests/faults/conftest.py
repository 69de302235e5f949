"""The scene of an accident."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.relay import Relay
from dbops.domain.backups.backup import BackupId
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import Programs, backed_up, execute, target
from tests.drills import public_folder
from tests.faults.dying import Nursery, nursery
from tests.faults.hostile_s3 import HostileS3, hostile_s3
from tests.faults.job import end
from tests.faults.restore_scene import Kiosk, RestoreScene, let_the_backup_be_of, restore_stage
from tests.faults.scene import Premiere, Scene, address_of
from tests.servers import empty_and_delete

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Films do not compress; they are read first because pg_dump begins with the largest table, and smaller ones behind it.
_FILL = (
    "CREATE EXTENSION pgcrypto",
    """CREATE TABLE films AS
       SELECT n AS id, encode(gen_random_bytes(1000), 'base64') AS reel FROM generate_series(1, {films}) n""",
    "CREATE TABLE visitors AS SELECT n AS id, 'visitor ' || n AS name FROM generate_series(1, 3000) n",
    "CREATE TABLE tickets AS SELECT n AS id, n % 3000 AS visitor FROM generate_series(1, 9000) n",
    "CREATE TABLE seats (id int)",
    "ANALYZE",  # pg_dump goes by the sizes that statistics tell
)


def _filled(server: EmbeddedPostgres, name: str, films: int) -> str:
    server.create_database(name)
    execute(server.url(name), *(statement.format(films=films) for statement in _FILL))
    return name


@pytest.fixture(scope="session")
def cinema(postgres_server: EmbeddedPostgres) -> str:
    """The name of a database from which every scene takes its own copy: 60 MB, so that a backup can be met in it."""
    return _filled(postgres_server, "cinema", 45000)


@pytest.fixture(scope="session")
def small_cinema(postgres_server: EmbeddedPostgres) -> str:
    """The same for a small scene: large enough for an upload of two parts, and no larger."""
    return _filled(postgres_server, "small_cinema", 7000)


@contextmanager
def _shown(server: EmbeddedPostgres, cinema: str, store: SeaweedS3) -> Iterator[Premiere]:
    client, bucket = store.client(), f"premiere-{secrets.token_hex(6)}"
    store.create_bucket(bucket)
    yield Premiere.made(client, bucket, store, server.url(cinema), Programs(server).folder)
    empty_and_delete(client, bucket)
    client.close()


@pytest.fixture(scope="session")
def premiere(postgres_server: EmbeddedPostgres, cinema: str, s3_server: SeaweedS3) -> Iterator[Premiere]:
    """A backup for all tests of backups: each of them has its own copy of it."""
    with _shown(postgres_server, cinema, s3_server) as made:
        yield made


@pytest.fixture(scope="session")
def small_premiere(postgres_server: EmbeddedPostgres, small_cinema: str, s3_server: SeaweedS3) -> Iterator[Premiere]:
    """The same of the small cinema."""
    with _shown(postgres_server, small_cinema, s3_server) as made:
        yield made


@dataclass(frozen=True)
class Studio:
    """What a scene is made of, whatever is shown in it."""

    server: EmbeddedPostgres
    store: SeaweedS3
    client: S3Client
    bucket: str
    place: Path

    @contextmanager
    def scene(self, cinema: str, premiere: Premiere) -> Iterator[Scene]:
        """A copy of the database, a fresh bucket behind a proxy, and what starts jobs; none of it outlives the test."""
        database = f"scene_{secrets.token_hex(4)}"
        execute(self.server.url(), f"CREATE DATABASE {database} TEMPLATE {cinema} STRATEGY file_copy")
        (self.place / "spool").mkdir()
        with hostile_s3(self.store.endpoint_url) as proxy, public_folder() as public:
            stage = Scene(
                self.server,
                database,
                self.store,
                proxy,
                self.client,
                self.bucket,
                self.place,
                Programs(self.server),
                public,
                premiere,
            )
            try:
                yield stage
            finally:
                proxy.go_away()
                end(stage.jobs)
                self.server.start()  # where the test was ended before it could: all others live on it
                self.server.drop_database(database)


@pytest.fixture
def studio(
    postgres_server: EmbeddedPostgres, s3_server: SeaweedS3, s3_client: S3Client, bucket_name: str, tmp_path: Path
) -> Studio:
    return Studio(postgres_server, s3_server, s3_client, bucket_name, tmp_path)


@pytest.fixture
def scene(studio: Studio, cinema: str, premiere: Premiere) -> Iterator[Scene]:
    """A database whose backup takes some seconds, its bucket, and what starts jobs."""
    with studio.scene(cinema, premiere) as stage:
        yield stage


@pytest.fixture
def small_scene(studio: Studio, small_cinema: str, small_premiere: Premiere) -> Iterator[Scene]:
    """The same for what may befall a backup of any size."""
    with studio.scene(small_cinema, small_premiere) as stage:
        yield stage


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
        let_the_backup_be_of(stage.live, stage.restoring.loader)
        yield stage
        postgres_server.start()  # where the test was ended before it could: all others live on it


@pytest.fixture(scope="session")
def births() -> Iterator[Nursery]:
    """What gives birth to jobs that are to die."""
    with nursery() as made:
        yield made
