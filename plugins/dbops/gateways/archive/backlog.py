"""Backlog: finished files that wait in the spool until one of those on their way is stored.

A database may have ten thousand small tables, which pg_dump writes faster than any store takes them; a process may have
a thousand files open.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbops.gateways.dump.dump import DumpFile


class Backlog:
    """``room`` is how many files may be on their way; those that pg_dump still writes may be more."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._bytes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._bytes)

    @property
    def held(self) -> int:
        """Bytes that wait in the spool."""
        return sum(self._bytes.values())

    def choose(self, files: Sequence[DumpFile], under_way: int) -> list[DumpFile]:
        """Which of these files, none of which is on its way yet, to send now; ``under_way`` are so many already.

        All that are still growing, and as many of the others as there is room for, in their order; these come first.
        """
        growing = [file for file in files if not file.is_closed]
        closed = [file for file in files if file.is_closed]
        free = max(0, self._room - under_way - len(growing))
        known = self._bytes  # what is closed keeps its size
        self._bytes = {
            file.name: known[file.name] if file.name in known else file.path.stat().st_size for file in closed[free:]
        }
        return [*closed[:free], *growing]
