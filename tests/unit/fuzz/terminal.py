"""What a program says to a terminal, which takes nothing but UTF-8."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator


class Terminal(io.TextIOWrapper):
    """One of its two streams."""

    def __init__(self) -> None:
        self._taken = io.BytesIO()
        super().__init__(self._taken, "utf-8", write_through=True)

    def text(self) -> str:
        """All that was said; fails where it is no text."""
        return self._taken.getvalue().decode()


@contextlib.contextmanager
def terminal() -> Iterator[tuple[Terminal, Terminal]]:
    """Whatever is said within is taken, as stdout and stderr."""
    out, err = Terminal(), Terminal()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err
