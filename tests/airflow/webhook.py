"""A webhook of a test: an HTTP server that keeps what it is sent, and answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Webhook:
    """``received`` are the JSON bodies, ``paths`` and ``headers`` beside them; ``status`` is what it answers.

    While ``answers`` is not set, it does not answer at all.
    """

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.answers = threading.Event()
        self.answers.set()
        self.port = 0


@contextmanager
def running_webhook() -> Iterator[Webhook]:
    """On a free port of 127.0.0.1."""
    hook = Webhook()

    class _Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hook.answers.wait(60)
            hook.received.append(json.loads(body))
            hook.paths.append(self.path)
            hook.headers.append(dict(self.headers))
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, name="webhook")
    thread.start()
    try:
        yield hook
    finally:
        hook.answers.set()
        server.shutdown()
        thread.join()
        server.server_close()
