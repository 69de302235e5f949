"""What the person sees meanwhile: a live table in a terminal, plain lines anywhere else."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_STYLES = {"✓": "green", "!": "yellow", "✗": "red"}
_PLAIN_EVERY = 10.0  # seconds between two plain lines about the same row that say nothing new but their detail


@dataclass
class _Row:
    name: str
    detail: str = ""
    mark: str = ""  # ✓, ! or ✗ once it has ended
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    printed: float = 0.0
    spinner: Spinner = field(default_factory=lambda: Spinner("dots", style="cyan"))

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.began


class Display:
    """Rows that begin, tell how far they are, and end; usable from several threads."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, _Row] = {}
        self._lock = threading.RLock()
        self._live = Live(self, console=console, refresh_per_second=8) if console.is_terminal else None

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            for row in self._rows.values():
                if not row.mark:
                    self._end(row, "✗")
        if self._live:
            self._live.stop()

    def __rich__(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=2)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
        with self._lock:
            for row in self._rows.values():
                mark = Text(row.mark, style=_STYLES[row.mark]) if row.mark else row.spinner
                # What has ended is told in full; what goes on may not make the table jump.
                detail = Text(row.detail, style="dim", no_wrap=not row.mark)
                detail.overflow = "fold" if row.mark else "ellipsis"
                table.add_row(mark, row.name, Text(f"{row.seconds:.1f} s", style="dim"), detail)
        return table

    def working(self, name: str, detail: str = "") -> None:
        """The row works, and this is how far it is."""
        with self._lock:
            row = self._rows.get(name)
            if row is None:
                row = self._rows[name] = _Row(name)
            changed = detail != row.detail
            row.detail = detail
            if self._live is None and changed and detail and time.monotonic() - row.printed > _PLAIN_EVERY:
                row.printed = time.monotonic()
                self._print(row)

    def done(self, name: str, detail: str = "") -> None:
        """The row has ended well."""
        self._ended(name, detail, "✓")

    def warned(self, name: str, detail: str = "") -> None:
        """The row has ended well, and somebody should look at it."""
        self._ended(name, detail, "!")

    def failed(self, name: str, detail: str = "") -> None:
        """The row has ended badly."""
        self._ended(name, detail, "✗")

    def note(self, sentence: str) -> None:
        """Something worth saying that belongs to no row."""
        self._console.print(Text(sentence, style="yellow"), soft_wrap=True)

    def _ended(self, name: str, detail: str, mark: str) -> None:
        with self._lock:
            self.working(name)
            self._rows[name].detail = detail
            self._end(self._rows[name], mark)

    def _end(self, row: _Row, mark: str) -> None:
        if row.mark:
            return
        row.mark, row.ended = mark, time.monotonic()
        if self._live is None:
            self._print(row)

    def _print(self, row: _Row) -> None:
        detail = f"  {row.detail}" if row.detail else ""
        took = f" ({row.seconds:.1f} s)" if row.mark or row.detail != "starting" else ""
        self._console.print(Text(f"{row.mark or '…'} {row.name}{took}{detail}"), soft_wrap=True)
