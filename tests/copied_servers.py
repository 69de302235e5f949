"""Copied servers: initdb makes the data of the first throw-away server, and each after it begins with a copy of them.

What initdb makes is the same each time, and half a second of a processor. tests/integration/test_throwaway_server.py,
and every job in a process of its own, have it made each time.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dbops.gateways.scratch.throwaway_server import ThrowawayServer


class CopiedServers:
    """``place`` keeps what was made, for each installation of PostgreSQL apart."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._made: dict[tuple[Path, str], Path] = {}

    def take_part(self, patch: pytest.MonkeyPatch) -> None:
        """Let the servers of this process begin so."""
        create: Callable[[ThrowawayServer], None] = ThrowawayServer._create

        def create_or_copy(server: ThrowawayServer) -> None:
            program = server._postgres
            made = self._made.get((program.path, program.version))
            if made is not None:
                _copy(made, server._data)
                return
            create(server)
            made = self._place / f"{len(self._made)}"
            made.mkdir(mode=0o700)
            _copy(server._data, made)
            self._made[program.path, program.version] = made

        patch.setattr(ThrowawayServer, "_create", create_or_copy)


def _copy(made: Path, data: Path) -> None:
    """With everything's owner and mode, the folder's own included."""
    subprocess.run(["cp", "--archive", f"{made}/.", data], check=True)
