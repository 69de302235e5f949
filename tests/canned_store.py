"""What tests of S3Bucket share: a store that is no server, but says what a test wants one to say."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from dbops.domain.backups.storage import S3Options
from dbops.gateways.s3 import S3Bucket, connect


class Store(Protocol):
    """What is asked in place of a server."""

    def answer(self, request: AWSPreparedRequest, **_event: Any) -> Any:
        """The response, see ``response()``; or raise what botocore would."""


class _Raw(io.BytesIO):
    def stream(self, **_options: Any) -> Iterator[bytes]:
        yield self.read()


def response(
    request: AWSPreparedRequest, status: int, body: bytes, headers: Mapping[str, str] | None = None
) -> AWSResponse:
    """As a server's."""
    said = HTTPHeaders()
    for name, value in (headers or {}).items():
        said[name] = value
    return AWSResponse(request.url, status, said, _Raw(body))


def bucket_of(
    store: Store, endpoint: str = "https://s3.example.com:9000", *, connection_id: str = "", **options: Any
) -> S3Bucket:
    """A bucket whose requests the store answers; keywords are its storage.s3."""
    chosen = S3Options(addressing_style="path", attempts=3, **options)
    client = connect(options=chosen, endpoint_url=endpoint, region="eu-x", access_key="KEY", secret_key="SECRET")
    client.meta.events.register("before-send.s3", store.answer)
    return S3Bucket(client, "backups", chosen, connection_id=connection_id)
