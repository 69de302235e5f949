"""Screen: what people see. Results go to stdout, everything else to stderr; with --json stdout is one JSON document."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from dbops.domain.report import Report, Verdict
from dbops.domain.words.printable import printable_lines
from dbops.domain.words.progress import LoadProgress, Progress
from dbops.domain.words.readable import readable
from dbops.errors import DbopsError, InvalidRequest

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_SECONDS_BETWEEN_LINES = 10.0
_WIDTH_OF_A_PIPE = 200


class _Plan(Protocol):
    @property
    def target(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def blockers(self) -> tuple[str, ...]: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...

    @property
    def statements(self) -> tuple[str, ...]: ...

    def markdown(self) -> str: ...


@dataclass(frozen=True)
class VerbResult:
    """What a verb has to say: ``document`` is JSON, ``shown`` the same for people, ``status`` the exit status."""

    document: str
    shown: Callable[[], list[RenderableType]]
    status: int = 0

    @classmethod
    def of(cls, report: Report) -> Self:
        """That of a job that is done."""
        return cls(report.to_json(), lambda: markdown(report.markdown()), 0 if report.verdict is Verdict.OK else 1)

    @classmethod
    def of_plan(cls, plan: _Plan, facts: Mapping[str, object]) -> Self:
        """That of a plan that is only shown; ``facts`` are what no other kind of plan has."""
        text = f"{plan.markdown()}\n\nDigest: `{plan.digest}`"
        document = {
            "target": plan.target,
            **facts,
            "digest": plan.digest,
            "blockers": plan.blockers,
            "warnings": plan.warnings,
            "statements": plan.statements,
            "markdown": plan.markdown(),
        }
        return cls(json.dumps(document, ensure_ascii=False), lambda: markdown(text), 1 if plan.blockers else 0)


class Screen:
    """Where a verb shows its result, its progress and its errors."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def show_result(self, result: VerbResult) -> None:
        """Show it."""
        if self._as_json:
            print(result.document, flush=True)  # noqa: T201 - this is a program's output
            return
        console = _console()
        for part in result.shown():
            console.print(part)

    def error(self, error: DbopsError) -> None:
        """Show what happened and what to do next."""
        if self._as_json:
            document = {"error": error.what, "remedy": error.remedy}
            print(json.dumps(document, ensure_ascii=False), flush=True)  # noqa: T201 - this is a program's output
            return
        self.tell(f"error: {error.what}", style="bold red")
        if error.remedy:
            self.tell(error.remedy)

    def tell(self, sentence: str, style: str = "") -> None:
        """Say something beside the result."""
        if not self._as_json:
            shown = printable_lines(sentence)
            _console(stderr=True).print(shown, style=style, markup=False, highlight=False, soft_wrap=True)

    def show(self, text: str) -> None:
        """Show Markdown beside the result."""
        if not self._as_json:
            for part in markdown(text):
                _console(stderr=True).print(part)

    def require_terminal(self, why: str) -> None:
        """Raise InvalidRequest where nobody can be asked."""
        if not sys.stdin.isatty():
            raise InvalidRequest(f"{why} There is none.", "Run it in a terminal, or through Airflow.")

    def ask(self, question: str) -> str:
        """What a person types; raises InvalidRequest where there is no terminal. Ctrl-D is an empty answer."""
        self.require_terminal("Somebody has to answer a question at a terminal.")
        print(printable_lines(question), end="", file=sys.stderr, flush=True)  # noqa: T201 - this is a program's output
        return sys.stdin.readline().strip()

    @contextmanager
    def progress(self) -> Iterator[Callable[[Progress], None]]:
        """Show progress while the block runs: a bar on a terminal, else a line every ten seconds."""
        if self._as_json:
            yield lambda _: None
        elif sys.stderr.isatty():
            with _bar() as show:
                yield show
        else:
            yield self._lines()

    @contextmanager
    def loading(self) -> Iterator[Callable[[LoadProgress], None]]:
        """The same for a restore: a line every ten seconds."""
        yield (lambda _: None) if self._as_json else self._lines()

    def _lines(self) -> Callable[[Progress | LoadProgress], None]:
        told = time.monotonic()

        def show(progress: Progress | LoadProgress) -> None:
            nonlocal told
            if time.monotonic() - told >= _SECONDS_BETWEEN_LINES:
                told = time.monotonic()
                self.tell(progress.sentence())

        return show


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich import progress as bars

    columns = (bars.BarColumn(bar_width=20), bars.TaskProgressColumn(), bars.TextColumn("{task.description}"))
    with bars.Progress(*columns, console=_console(stderr=True), transient=True) as bar:
        task = bar.add_task("checking whether everything is in place", total=1.0)
        yield lambda now: bar.update(task, completed=now.fraction, description=now.sentence())


def markdown(text: str) -> list[RenderableType]:
    """A report for people: rendered on a terminal, readable as it is in a pipe; nothing in it steers either."""
    from rich.markdown import Markdown
    from rich.text import Text

    shown = printable_lines(text)
    if sys.stdout.isatty():
        return [Markdown(shown)]
    return [Text(readable(shown), no_wrap=True, overflow="ignore")]  # what is to be pasted stays in one line


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    stream: Any = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else _WIDTH_OF_A_PIPE)
