"""Fixtures every layer shares: a server starts when the first test asks for it, and stops however the session ends."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.less_work import look_for_garbage_less_often, set_aside_what_is_loaded
from tests.servers import CaughtMail, catching_mail, delete_at_once, running_postgres, running_s3
from tests.uncounted import is_uncounted, uncounted

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


# A machine with much to do breaks no promise. The rest is Hypothesis' own choice, in CI the same examples each time, or
# that of who has loaded a profile before us: mutation/stage.py.
settings.register_profile(
    "patient",
    settings(),
    deadline=None,
    suppress_health_check={*settings().suppress_health_check, HealthCheck.too_slow},
)
settings.load_profile("patient")

look_for_garbage_less_often()


def pytest_configure() -> None:
    """Let a polite kill end the session as Ctrl-C does, so that its servers are stopped."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt(f"signal {number}")

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # what a shell starts in the background would hand it on
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, interrupt)


def pytest_collection_finish() -> None:
    """All modules of tests are there, and what they have imported."""
    set_aside_what_is_loaded()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count what a test covers, where that is counted and the test is no other's repetition."""
    with uncounted() if is_uncounted(item) else nullcontext():
        return (yield)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A word that narrows several layers at once, as `make test ARGS="-k word"`, need not be in each of them."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.option.keyword:
        session.exitstatus = pytest.ExitCode.OK


@pytest.fixture(scope="session", autouse=True)
def _no_credentials_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing a developer has configured for AWS or PostgreSQL may leak into a test."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("AWS_", "PG", "AIRFLOW_CONN_"))}
    nowhere = tmp_path_factory.mktemp("home") / "absent"
    isolated = {
        "AWS_CONFIG_FILE": str(nowhere),
        "AWS_SHARED_CREDENTIALS_FILE": str(nowhere),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    os.environ.update(isolated)
    yield
    for name in isolated:
        os.environ.pop(name, None)
    os.environ.update(kept)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL server."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def empty_database(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The connection URL of a fresh database, as superuser; dropped afterwards with whoever is still connected."""
    name = f"test_{secrets.token_hex(6)}"
    postgres_server.create_database(name)
    yield postgres_server.url(name)
    if postgres_server.is_running():
        postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedS3]:
    """A real S3 server: endpoint_url, access_key, secret_key, region; `reader` is an identity that may only read."""
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3_client(s3_server: SeaweedS3) -> Iterator[S3Client]:
    """A boto3 client of the S3 server, as its owner."""
    client = s3_server.client()
    yield client
    client.close()


@pytest.fixture
def bucket_name(s3_server: SeaweedS3) -> Iterator[str]:
    """The name of a fresh bucket; deleted afterwards with all it holds."""
    name = f"test-{secrets.token_hex(6)}"
    s3_server.create_bucket(name)
    yield name
    if s3_server.is_running():
        delete_at_once(s3_server, name)


@pytest.fixture
def mail_catcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaughtMail]:
    """A mail server: .port and .messages()."""
    with catching_mail(tmp_path_factory.mktemp("mail")) as caught:
        yield caught
