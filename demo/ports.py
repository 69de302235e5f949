"""Free loopback ports, outside the range that outgoing connections take theirs from."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

from demo.errors import DemoError

LOWEST, HIGHEST = 15000, 21999
GRPC_OFFSET = 10000  # SeaweedFS listens on every port + 10000 as well

_ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 right now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers set it too: without it a port whose last connection closed a minute ago would look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(taken: Collection[int] = (), *, offsets: Collection[int] = (0, GRPC_OFFSET)) -> int:
    """A port that is free together with port + each offset, and not in `taken`; DemoError when there is none."""
    for _ in range(_ATTEMPTS):
        port = random.randint(LOWEST, HIGHEST)  # noqa: S311 - spreads parallel runs, protects nothing
        if port not in taken and all(is_free(port + offset) for offset in offsets):
            return port
    raise DemoError(
        f"No free port was found on 127.0.0.1 between {LOWEST} and {HIGHEST}: stop some of the servers listening there."
    )
