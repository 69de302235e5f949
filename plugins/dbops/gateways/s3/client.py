"""S3 client: how boto3 is set up for an S3Bucket, and where and as whom it asks."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

import boto3
from boto3.session import Session
from botocore.config import Config

from dbops import __version__
from dbops.domain.backups.storage import S3Options
from dbops.errors import InvalidConnection

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CONNECTIONS = 70  # more than the largest storage.parallelism, with room for claims and listings

_connecting = threading.Lock()  # a session makes one client at a time


def client_config(options: S3Options) -> Config:
    """How a boto3 client must be configured for an S3Bucket.

    One attempt a request, because S3Bucket asks again itself. A body is hashed once, for the checksum that goes with
    it, and not for the signature as well; with ``checksum: none`` boto3 decides what is signed. The store's access log
    says who asks, in words of our own: boto3 would put its own together twice for every request.
    """
    with_checksum = options.checksum != "none"
    return Config(
        user_agent=f"dbops/{__version__} Boto3/{boto3.__version__}",
        connect_timeout=options.connect_timeout.total_seconds(),
        read_timeout=options.read_timeout.total_seconds(),
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=_CONNECTIONS,
        tcp_keepalive=True,
        request_checksum_calculation="when_supported" if with_checksum else "when_required",
        response_checksum_validation="when_supported" if with_checksum else "when_required",
        s3={
            "addressing_style": options.addressing_style,
            **({"payload_signing_enabled": False} if with_checksum else {}),
        },
    )


def connect(
    *,
    options: S3Options,
    endpoint_url: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    session_token: str | None = None,
) -> S3Client:
    """A client for S3Bucket; what is None is found as boto3 finds it (environment, profile, role of the machine).

    Raises InvalidConnection where the endpoint is no URL, or one key is given without the other.
    """
    if (access_key is None) != (secret_key is None):
        has, lacks = ("a secret key", "access key") if access_key is None else ("an access key", "secret key")
        raise InvalidConnection(
            f"The storage connection has {has} and no {lacks}.",
            "Give both, the login and the password of the connection; or neither, so that boto3 looks for them "
            "elsewhere.",
        )
    try:
        with _connecting:
            return _session().client(
                "s3",
                endpoint_url=endpoint_url,
                region_name=region,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                aws_session_token=session_token,
                config=client_config(options),
            )
    except ValueError:
        raise InvalidConnection(
            "The endpoint of the storage connection is not a URL.", "Write for example https://s3.example.com:9000."
        ) from None


@cache
def _session() -> Session:
    return Session()  # reading what it knows of S3 costs 0.1 s: once a process, not once a target
