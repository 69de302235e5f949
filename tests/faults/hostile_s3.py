"""HostileS3: a proxy in front of a real S3 server that misbehaves on request, the way networks and stores do."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
_ARCHIVED = (
    b"<Error><Code>InvalidObjectState</Code><StorageClass>GLACIER</StorageClass>"
    b"<Message>The operation is not valid for the object's storage class</Message></Error>"
)
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_INTERNAL = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
_OF_THE_CONNECTION = {"connection", "expect", "keep-alive", "transfer-encoding", "content-length"}
_ALWAYS = 10**9
_PATIENCE = 120.0  # longer than what a test does meanwhile takes on a machine with much to do


class Mischief(Enum):
    """What to do to a request."""

    SLOW_DOWN = auto()  # 503 instead of passing it on
    ERROR_IN_200 = auto()  # the same with status 200 and an error in the body, as S3 does at the end of an upload
    EXPIRE = auto()  # say that the credentials have expired, instead of passing it on
    ARCHIVE = auto()  # say that the object lies in an archive class, instead of passing it on
    DENY = auto()  # say that these credentials may not do that, instead of passing it on
    CUT_BODY = auto()  # read half of its body, then reset the connection
    FLIP_BIT = auto()  # damage its body on the way to the store
    HOLD = auto()  # pass it on only when release() is called
    SWALLOW = auto()  # never pass it on: reset the connection when release() is called
    LOSE_ANSWER = auto()  # let the store do it, then reset the connection instead of answering
    DAMAGE_ANSWER = auto()  # damage the answer's body
    CUT_ANSWER = auto()  # send half of the answer's body, then reset the connection


_INSTEAD = {
    Mischief.SLOW_DOWN: (503, _SLOW_DOWN),
    Mischief.EXPIRE: (400, _EXPIRED),
    Mischief.ERROR_IN_200: (200, _INTERNAL),
    Mischief.ARCHIVE: (403, _ARCHIVED),
    Mischief.DENY: (403, _DENIED),
}


@dataclass(frozen=True)
class SeenRequest:
    """A request as it came to the proxy."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def query(self) -> dict[str, list[str]]:
        """The query of its URL."""
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    @property
    def is_part(self) -> bool:
        """Whether it uploads a part."""
        return self.method == "PUT" and "partNumber" in self.query

    @property
    def is_completion(self) -> bool:
        """Whether it completes an upload."""
        return self.method == "POST" and "uploadId" in self.query


@dataclass
class _Rule:
    mischief: Mischief
    left: int
    when: Callable[[SeenRequest], bool]


class HostileS3:
    """Passes requests on to ``upstream`` (host:port), but for those that ``misbehave`` told it to spoil."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.delay = 0.0
        self.seen: list[SeenRequest] = []
        self.spoiled: list[Mischief] = []
        self.holding, self.released = threading.Event(), threading.Event()
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="hostile S3")
        self._thread.start()
        self._is_there = True

    @property
    def endpoint_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def misbehave(
        self, mischief: Mischief, *, times: int = _ALWAYS, when: Callable[[SeenRequest], bool] = lambda _: True
    ) -> None:
        """Do that to the next ``times`` requests for which ``when`` holds."""
        with self._lock:
            self._rules.append(_Rule(mischief, times, when))

    def release(self) -> None:
        """Let the held requests go on."""
        self.released.set()

    def go_away(self) -> None:
        """Be gone for good: what is connected is cut, and nothing connects any more."""
        if self._is_there:
            self._is_there = False
            self.release()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def judge(self, request: SeenRequest) -> Mischief | None:
        """What to do to it."""
        with self._lock:
            self.seen.append(request)
            for rule in self._rules:
                if rule.left and rule.when(request):
                    rule.left -= 1
                    self.spoiled.append(rule.mischief)
                    return rule.mischief
        return None


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # beyond it a connection waits for a second, and then for three

    def __init__(self, proxy: HostileS3) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.proxy = proxy
        self.connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        with suppress(OSError, http.client.HTTPException):  # one of the two ends is gone, here mostly on purpose
            super().handle()

    def _pass_on(self) -> None:
        proxy = self.server.proxy
        time.sleep(proxy.delay)
        mischief = proxy.judge(SeenRequest(self.command, self.path, dict(self.headers.items())))
        length = int(self.headers.get("Content-Length", 0))
        if mischief is Mischief.CUT_BODY:
            self.rfile.read(length // 2)
            self._reset()
            return
        body = self.rfile.read(length)
        if mischief in _INSTEAD:
            status, said = _INSTEAD[mischief]
            self._answer(status, {"Content-Type": "application/xml"}, said)
            return
        if mischief in {Mischief.HOLD, Mischief.SWALLOW}:
            proxy.holding.set()
            proxy.released.wait(_PATIENCE)
        if mischief is Mischief.SWALLOW:
            self._reset()
            return
        status, headers, content = self._ask_store(_damaged(body) if mischief is Mischief.FLIP_BIT else body)
        if mischief is Mischief.LOSE_ANSWER:
            self._reset()
            return
        content = _damaged(content) if mischief is Mischief.DAMAGE_ANSWER else content
        self._answer(status, headers, content, cut=mischief is Mischief.CUT_ANSWER)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815 - the base class looks for these

    def _ask_store(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        store = http.client.HTTPConnection(self.server.proxy.upstream, timeout=_PATIENCE)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
            store.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
            answer = store.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            store.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._reset()

    def _reset(self) -> None:
        """End the connection the hard way: with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it that
        """Say nothing."""


def _damaged(body: bytes) -> bytes:
    """The same with one bit in its middle flipped."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


@contextmanager
def hostile_s3(endpoint_url: str) -> Iterator[HostileS3]:
    """A proxy in front of the server at that endpoint."""
    proxy = HostileS3(urlsplit(endpoint_url).netloc)
    try:
        yield proxy
    finally:
        proxy.go_away()
