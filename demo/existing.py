"""The demo that a command finds in its folder; the command that makes one is `demo.up`."""

from __future__ import annotations

from pathlib import Path

from demo.errors import DemoError
from demo.stack import PORTS, Stack
from demo.state import DemoState


def existing(folder: Path) -> Stack:
    """The demo, running or not; DemoError where there is none."""
    state = DemoState.load(folder / "state.json")
    if state is None or not set(PORTS) <= set(state.ports):
        raise DemoError("There is no demo here: `make demo` makes one.")
    return Stack(folder, state)


def running(folder: Path) -> Stack:
    """The demo, all of whose servers run; DemoError where there is none, or not all of it runs."""
    stack = existing(folder)
    servers = stack.running()
    dead = [name for name, runs in servers.items() if not runs]
    if len(dead) == len(servers):
        raise DemoError("The demo does not run: `make demo` starts it.")
    if dead:
        does, them = ("does", "it") if len(dead) == 1 else ("do", "them")
        raise DemoError(f"{' and '.join(dead)} of the demo {does} not run: `make demo` starts {them}.")
    return stack
