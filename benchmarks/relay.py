"""Relay: passes TCP connections on to a server, each at no more than a given speed, as a long line would.

``python -m benchmarks.relay 127.0.0.1:5432 --mb-per-second 40`` prints the address to connect to instead, and runs
until its standard input closes.
"""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

_BLOCK = 128 * 1024
_LARGEST_BURST = 0.05  # seconds that a connection which was idle may catch up


class Relay:
    """Listens on a free port of 127.0.0.1 while it is used as a context manager.

    ``bytes_per_second`` limits each connection in each direction, None does not; it may be set at any time. While it
    ``swallows``, it takes every byte and passes none on, and nobody is told: so a line is that leads nowhere.
    ``most_at_once`` is how many connections it has had at once.
    """

    def __init__(self, host: str, port: int, bytes_per_second: float | None = None) -> None:
        self.bytes_per_second = bytes_per_second
        self.swallows = False
        self.most_at_once = 0
        self._upstream = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """The port to connect to instead of the server's."""
        port: int = self._listener.getsockname()[1]
        return port

    def cut(self) -> None:
        """End every connection that stands; new ones are welcome."""
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Relay:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        accepting, *_ = self._threads
        accepting.join()  # else it might let one more in that nobody cuts
        self.cut()
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed: the relay ends
            try:
                server = socket.create_connection(self._upstream)
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._ends |= {client, server}
                self.most_at_once = max(self.most_at_once, len(self._ends) // 2)
            self._start(self._serve, client, server)

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
        back.start()
        self._pass_on(client, server)
        back.join()
        with self._lock:
            self._ends -= {client, server}
        client.close()
        server.close()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        block = memoryview(bytearray(_BLOCK))
        due = time.monotonic()
        with suppress(OSError):
            while length := source.recv_into(block):
                if self.swallows:
                    continue
                sink.sendall(block[:length])
                if rate := self.bytes_per_second:
                    due = max(due, time.monotonic() - _LARGEST_BURST) + length / rate
                    time.sleep(max(0.0, due - time.monotonic()))
        for end in (source, sink):  # half-closed connections are no use to PostgreSQL, nor to HTTP
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def main() -> int:
    """Run a relay until standard input closes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay", description=__doc__)
    parser.add_argument("server", help="host:port")
    parser.add_argument("--mb-per-second", type=float, help="limit of each connection (default: none)")
    asked = parser.parse_args()
    host, _, port = asked.server.rpartition(":")
    with Relay(host, int(port), asked.mb_per_second and asked.mb_per_second * 1e6) as relay:
        print(f"127.0.0.1:{relay.port}", flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
