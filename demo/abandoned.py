"""The watch over a start: when `make demo` is killed before everything runs, what it has started is stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

_ALL_IS_WELL = b"all is well"
_CHECKOUT = Path(__file__).resolve().parents[1]


class Watch:
    """A process that stops the stack of `folder` when this one ends, however it ends, without dismissing it."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "demo.abandoned", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=_CHECKOUT,
            # Without the mark of the stack's own processes, or it would stop itself.
            env={name: value for name, value in os.environ.items() if name != "DBOPS_DEMO"},
            start_new_session=True,
        )

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()

    def dismiss(self) -> None:
        """All is well: everything runs, or everything was stopped."""
        self._process.communicate(_ALL_IS_WELL)


def main() -> None:
    """Wait for the word that all is well, or for the end of the process that should have said it."""
    if sys.stdin.buffer.read() == _ALL_IS_WELL:
        return
    from demo.stack import PORTS, Stack, locked
    from demo.state import DemoState

    folder = Path(sys.argv[1])
    with locked(folder, wait=True):
        state = DemoState.load(folder / "state.json")
        if state is not None and set(PORTS) <= set(state.ports):
            Stack(folder, state).stop()


if __name__ == "__main__":
    main()
