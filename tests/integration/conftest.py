"""Fixtures of the tests on real servers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from dbops.domain.backups.storage import S3Options
from dbops.gateways.s3 import S3Bucket, connect
from dbops.gateways.validator.expectation_files import checks_folder, read_suites
from dbops.jobs.restores.restore_place import RestorePlace
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from demo.summary_app.generate import create, generate
from tests.backups import Desk, Programs, execute
from tests.copied_servers import CopiedServers
from tests.drills import Ground, public_folder
from tests.loading import SHOP, Loader
from tests.restoring import Restoring
from tests.sql_roles import ManagedShop, Work, managed_shop
from tests.validating import Validating, cloned

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TRAP = Path(__file__).parents[1] / "testdata/trap"


@pytest.fixture(scope="session")
def copied_servers(tmp_path_factory: pytest.TempPathFactory) -> CopiedServers:
    """What throw-away servers begin with."""
    return CopiedServers(tmp_path_factory.mktemp("copied-servers"))


@pytest.fixture(autouse=True)
def _throwaway_servers_begin_as_copies(copied_servers: CopiedServers, monkeypatch: pytest.MonkeyPatch) -> None:
    copied_servers.take_part(monkeypatch)


@pytest.fixture(scope="session")
def programs(postgres_server: EmbeddedPostgres) -> Programs:
    """PostgreSQL's own programs."""
    return Programs(postgres_server)


@pytest.fixture(scope="session")
def trap_database(postgres_server: EmbeddedPostgres, programs: Programs) -> Iterator[str]:
    """The URL of the trap database, tests/testdata/trap; its roles are on the server as well. Only read it."""
    name = f"trap_{secrets.token_hex(4)}"
    postgres_server.create_database(name)
    roles, *scripts = sorted(TRAP.glob("*.sql"))
    try:
        programs.execute(postgres_server.url(), roles)
        for script in scripts:
            programs.execute(postgres_server.url(name), script)
        yield postgres_server.url(name)
    finally:
        postgres_server.drop_database(name)
        with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
            for role in re.findall(r"^CREATE ROLE (\"(?:[^\"]|\"\")+\"|\S+) ", roles.read_text("utf-8"), re.MULTILINE):
                connection.execute(f"DROP ROLE IF EXISTS {role}".encode())


@pytest.fixture
def desk(programs: Programs, s3_server: SeaweedS3, s3_client: S3Client, bucket_name: str, tmp_path: Path) -> Desk:
    """What backs databases up into a fresh bucket."""
    return Desk(programs, s3_server, s3_client, bucket_name, tmp_path)


@pytest.fixture
def store_client(s3_server: SeaweedS3) -> Iterator[S3Client]:
    """A client of the S3 server, made as ours are."""
    client = connect(
        options=S3Options(addressing_style="path"),
        endpoint_url=s3_server.endpoint_url,
        region=s3_server.region,
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
    )
    yield client
    client.close()


@pytest.fixture
def bucket(store_client: S3Client, bucket_name: str) -> S3Bucket:
    """A fresh bucket, as the jobs see it."""
    return S3Bucket(store_client, bucket_name, S3Options(addressing_style="path"))


@pytest.fixture
def loader(desk: Desk, bucket: S3Bucket) -> Loader:
    """What backs a database up and loads it into another."""
    return Loader(desk, bucket)


@pytest.fixture
def ground(loader: Loader) -> Iterator[Ground]:
    """What drills the loader's backups."""
    with public_folder() as place:
        yield Ground(loader, place)


@pytest.fixture
def restored_database(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of an empty database for what comes back; dropped afterwards."""
    name = f"restored_{secrets.token_hex(6)}"
    postgres_server.create_database(name)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def restoring(loader: Loader, empty_database: str) -> Iterator[Restoring]:
    """What restores a live database of SHOP, of which there is a backup."""
    execute(empty_database, *SHOP)
    loader.back_up(empty_database)
    ground = Restoring(loader, empty_database)
    yield ground
    ground.clean_up()


@pytest.fixture(scope="session")
def sample_template(postgres_server: EmbeddedPostgres) -> str:
    """The name of a small sample database, fresh and without a broken row, for tests to copy."""
    name = "sample_to_copy"
    postgres_server.create_database(name)
    create(postgres_server.url(name))
    generate(postgres_server.url(name), 0.05)
    return name


@pytest.fixture
def validating(postgres_server: EmbeddedPostgres, sample_template: str, tmp_path: Path) -> Iterator[Validating]:
    """What validates a sample database of its own by the reference application's rules."""
    include = Path(__file__).parents[2] / "include"
    files = read_suites(include, "summary_app")
    assert files.faults == ()
    with cloned(postgres_server.url(), sample_template, f"checked_{secrets.token_hex(4)}") as url:
        yield Validating(url, tmp_path / "docs", checks_folder(include, "summary_app"), files.suites)


@pytest.fixture
def validating_empty(empty_database: str, tmp_path: Path) -> Validating:
    """What validates an empty database by rules of a test's own."""
    return Validating(empty_database, tmp_path / "docs", tmp_path)


@pytest.fixture(scope="module")
def managed(postgres_server: EmbeddedPostgres) -> Iterator[ManagedShop]:
    """A database as a managed server has it, with every role of docs/access.md; leave it as it was."""
    with managed_shop(postgres_server) as made:
        yield made


@pytest.fixture
def work(managed: ManagedShop, desk: Desk, bucket: S3Bucket, tmp_path: Path) -> Iterator[Work]:
    """Every job on it, each as the role that is meant for it."""
    with public_folder() as place:
        yield Work(managed, desk, bucket, tmp_path / "include", place)


@pytest.fixture
def managed_restoring(managed: ManagedShop, loader: Loader) -> Iterator[Restoring]:
    """Restores of it as the role that is meant for them, of a backup that the reading role made."""
    loader.back_up(managed.url_of("dbops"))
    by = RestorePlace(managed.address_of("dbops"), managed.address_of("dbops_restore"))
    ground = Restoring(loader, managed.url, by=by)
    yield ground
    ground.clean_up()


@pytest.fixture
def moved_database(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A database that was built with another version of its locale: the server warns each connection."""
    name = f"moved_{secrets.token_hex(4)}"
    execute(
        postgres_server.url(),
        f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' "
        "COLLATION_VERSION '0'",
    )
    yield postgres_server.url(name)
    postgres_server.drop_database(name)
