"""What the fixtures of conftest.py hand out: real servers, each started when the first test asks for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.request import Request, urlopen

from aiosmtpd.smtp import SMTP

from demo import ports
from demo.errors import DemoError
from demo.mail_catcher import MailFolder
from demo.postgres import EmbeddedPostgres
from demo.seaweed import Keys, SeaweedS3

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_STARTS = 3  # another test session may take a port between the look and the start


class _Server(Protocol):
    def start(self) -> None: ...
    def destroy(self) -> None: ...


S = TypeVar("S", bound=_Server)


def _started(make: Callable[[int], S]) -> S:
    """The first that starts; ``make`` is told the number of the attempt."""
    for attempt in range(_STARTS):
        server = make(attempt)
        try:
            server.start()
        except DemoError:
            server.destroy()
            if attempt == _STARTS - 1:
                raise
        else:
            return server
    raise AssertionError("unreachable")


@contextmanager
def running_postgres(directory: Path, **settings: str) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server of one test session with these settings; its data are gone afterwards."""
    server = _started(
        lambda attempt: EmbeddedPostgres(
            directory / f"{attempt}",
            port=ports.choose_port(offsets=(0,)),
            # Each login costs the server and the client some milliseconds otherwise, and tests log in a thousand times.
            settings={"fsync": "off", "max_connections": "200", "scram_iterations": "1", **settings},
        )
    )
    try:
        yield server
    finally:
        server.destroy()


@contextmanager
def running_s3(directory: Path) -> Iterator[SeaweedS3]:
    """An S3 server of one test session, with an owner and a reader; its objects are gone afterwards."""
    server = _started(
        lambda attempt: SeaweedS3(
            directory / f"{attempt}", reader=Keys.generate(), volume_size_mb=128, makes_users=True
        )
    )
    try:
        yield server
    finally:
        server.stop(grace=0)
        server.destroy()


def empty_and_delete(client: S3Client, bucket: str) -> None:
    """Delete a bucket with all it holds: objects, versions and uploads that were never finished."""
    for uploads in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in uploads.get("Uploads", []):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for versions in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    client.delete_bucket(Bucket=bucket)


def delete_at_once(server: SeaweedS3, bucket: str) -> None:
    """Delete a bucket with all it holds by one request, to the folder below it: by S3 it is one for each object."""
    folder = f"http://127.0.0.1:{server.listeners['filer']}/buckets/{bucket}?recursive=true"
    with urlopen(Request(folder, method="DELETE")):
        pass


@dataclass(frozen=True)
class CaughtMail:
    """A mail server for one test."""

    port: int
    folder: MailFolder

    def messages(self) -> list[EmailMessage]:
        """Every message it has been sent, in order of arrival."""
        return self.folder.messages()


@contextmanager
def catching_mail(directory: Path) -> Iterator[CaughtMail]:
    """A mail server in a thread of the test process, listening on a free port of 127.0.0.1."""
    folder = MailFolder(directory)
    loop = asyncio.new_event_loop()
    try:
        server = loop.run_until_complete(
            loop.create_server(lambda: SMTP(folder, hostname="localhost", loop=loop), "127.0.0.1", 0)
        )
        thread = threading.Thread(target=loop.run_forever, name="mail catcher")
        thread.start()
        try:
            yield CaughtMail(server.sockets[0].getsockname()[1], folder)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()
            loop.run_until_complete(server.wait_closed())
            loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
