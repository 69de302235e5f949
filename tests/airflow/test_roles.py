"""A store that a worker reaches by its role: keys that end while a long upload goes on are replaced by new ones.

Its keys are asked for where the machine offers them: at an address of the container (ECS, EKS pod identities, MWAA),
or of the security token service (IRSA). Both are played here; the keys are those of real users of a real store.
"""

from __future__ import annotations

import io
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from dbops.domain.target import Target
from demo.seaweed import SeaweedS3
from tests.airflow.conftest import set_connection

if TYPE_CHECKING:
    from dbops.gateways.s3 import S3Bucket

pytestmark = pytest.mark.usefixtures("environment_secrets")

_ENDS_SOON = timedelta(minutes=5)  # sooner than boto3 waits: it asks for new ones before every request
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
_STS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{AccessKeyId}</AccessKeyId>
<SecretAccessKey>{SecretAccessKey}</SecretAccessKey><SessionToken>{Token}</SessionToken>
<Expiration>{Expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


@dataclass
class Role:
    """Hands out the keys of one user of the store after another, each for minutes."""

    server: SeaweedS3
    asked: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._iam = boto3.client(
            "iam", endpoint_url=self.server.endpoint_url, region_name=self.server.region,
            aws_access_key_id=self.server.access_key, aws_secret_access_key=self.server.secret_key,
        )  # fmt: skip
        self.rotate()

    def rotate(self) -> None:
        """A new user's keys; those of the one before open nothing any more."""
        name = f"role-{secrets.token_hex(4)}"
        self._iam.create_user(UserName=name)
        arn = self._iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(_EVERYTHING))["Policy"]["Arn"]
        self._iam.attach_user_policy(UserName=name, PolicyArn=arn)
        made = self._iam.create_access_key(UserName=name)["AccessKey"]
        before = self.keys
        self.keys = {"AccessKeyId": made["AccessKeyId"], "SecretAccessKey": made["SecretAccessKey"]}
        if before:
            self._iam.delete_access_key(UserName=self.users[-1], AccessKeyId=before["AccessKeyId"])
        self.users.append(name)

    def answer(self) -> dict[str, str]:
        self.asked += 1
        ends = datetime.now(UTC) + _ENDS_SOON
        return {**self.keys, "Token": "", "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def leave(self) -> None:
        self._iam.delete_access_key(UserName=self.users[-1], AccessKeyId=self.keys["AccessKeyId"])
        self._iam.close()


@contextmanager
def answering(role: Role) -> Iterator[str]:
    """An address that hands out the role's keys: by GET as a container's, by POST as the security token service."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send("application/json", json.dumps(role.answer()))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send("text/xml", _STS.format(**role.answer()))

        def _send(self, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="role")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def of_a_container(address: str, _place: Path) -> dict[str, str]:
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{address}/keys"}


def of_a_service_account(address: str, place: Path) -> dict[str, str]:
    token = place / "token"
    token.write_text("signed by the cluster")
    return {
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/dbops",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ENDPOINT_URL_STS": address,
    }


@pytest.fixture(params=[of_a_container, of_a_service_account])
def role(
    request: pytest.FixtureRequest, s3_server: SeaweedS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Role]:
    """The machine's role; the Airflow connection ``store`` has no keys of its own."""
    made = Role(s3_server)
    extra = {"endpoint_url": s3_server.endpoint_url, "region_name": s3_server.region}
    set_connection(monkeypatch, "store", conn_type="aws", extra=extra)
    variables: Callable[[str, Path], dict[str, str]] = request.param
    with answering(made) as address:
        for name, value in variables(address, tmp_path).items():
            monkeypatch.setenv(name, value)
        yield made
    made.leave()


@pytest.fixture
def opened(role: Role, bucket_name: str) -> S3Bucket:
    from dbops_airflow.connections import open_bucket

    storage = {"bucket": bucket_name, "connection": "store", "s3": {"addressing_style": "path", "attempts": 1}}
    keys = {"name": "shop", "connection": "shop", "environment": "staging", "storage": storage}
    return open_bucket(Target.model_validate(keys))


def test_an_upload_during_which_the_keys_of_the_role_end_arrives_whole(role: Role, opened: S3Bucket) -> None:
    parts = [secrets.token_bytes(5 * 1024**2), secrets.token_bytes(5 * 1024**2), b"the end"]
    upload = opened.begin_upload("shop/file")
    for number, part in enumerate(parts, 1):
        upload.add_part(number, io.BytesIO(part), len(part))
        role.rotate()
    upload.complete()
    role.rotate()

    assert opened.get("shop/file") == b"".join(parts)
    assert [stored.key for stored in opened.list("")] == ["shop/file"]
    assert len(role.users) == 5
    assert role.asked >= len(role.users)
