"""Processes of this machine, as the kernel tells of them now: each of them may end between two looks."""

from __future__ import annotations

import os
from pathlib import Path


def processes() -> list[int]:
    """All of them."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def processes_with(*words: str) -> list[int]:
    """Those that have all these words in their command lines, our own apart."""
    return [pid for pid in processes() if pid != os.getpid() and all(word in command_line(pid) for word in words)]


def command_line(pid: int) -> str:
    """Its words, each ended by a NUL; none where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def state_of(pid: int) -> str:
    """One letter: T means stopped, Z a zombie, X that it is gone."""
    return _fields(pid)[0]


def parent_of(pid: int) -> int:
    """0 where it is gone."""
    return int(_fields(pid)[1])


def children_of(pid: int) -> list[int]:
    """What it has started itself."""
    return [child for child in processes() if parent_of(child) == pid]


def descendants_of(pid: int) -> list[int]:
    """What it has started, and what that has, whatever it is called."""
    parents = {each: parent_of(each) for each in processes()}
    found: list[int] = []
    waiting = [pid]
    while waiting:
        above = waiting.pop()
        children = [each for each, parent in parents.items() if parent == above]
        found += children
        waiting += children
    return found


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ["X", "0"]
