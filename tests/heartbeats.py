"""A dead man's switch of a test: an HTTP server that keeps what it is asked for, and answers as its address says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Switch(ThreadingHTTPServer):
    """Answers ``/200/...`` with 200, ``/500/...`` with 500, and so on; redirects lead to ``location``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.requested: list[tuple[str, str]] = []
        self.location = ""
        self.patience = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Switch

    def do_GET(self) -> None:
        self.server.requested.append((self.command, self.path))
        status = self.path.split("/")[1]
        if status == "never":
            self.server.patience.wait(30)
            return
        self.send_response(int(status))
        if status.startswith("3"):
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep the test's output clean."""


@contextmanager
def running_switch() -> Iterator[Switch]:
    """On a free port of 127.0.0.1."""
    with Switch() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.patience.set()
            server.shutdown()
            thread.join()
