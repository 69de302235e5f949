"""Memory of processes: what each has resident, and its share of what several have. An address space counts once."""

from __future__ import annotations

import ctypes
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SHARE = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)
_KCMP = {"x86_64": 312, "aarch64": 272}[platform.machine()]  # the C library has no function for it
_KCMP_VM = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Memory:
    """Bytes: ``resident`` counts a page once for each process that has it, ``proportional`` once for all of them."""

    resident: int
    proportional: int


def memory_of(pids: Sequence[int]) -> Memory:
    """Of all these together; one that has ended has none.

    A child that was made with vfork is its parent until it becomes another program. On a busy machine that takes long
    enough to be seen, and would count all that the parent has a second time.
    """
    spaces: list[int] = []
    for pid in pids:
        if not any(_share_memory(pid, other) for other in spaces):
            spaces.append(pid)
    return Memory(sum(map(_resident, spaces)), sum(map(_share, spaces)))


def tree_of(root: int) -> list[int]:
    """A process and all its descendants."""
    found = [root]
    for pid in found:
        try:
            tasks = list(Path(f"/proc/{pid}/task").iterdir())
            for task in tasks:
                found += map(int, (task / "children").read_text().split())
        except OSError:  # it ended in between
            continue
    return found


def _share_memory(pid: int, other: int) -> bool:
    same = 0
    return bool(_libc.syscall(_KCMP, pid, other, _KCMP_VM, 0, 0) == same)


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _share(pid: int) -> int:
    try:
        found = _SHARE.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
