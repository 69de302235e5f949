"""What mutmut has found out: a table of the modules for docs/quality.md, and each surviving mutant as a difference."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutation.stage import ROOT, STAGE

PAGE = ROOT / "docs" / "quality.md"
SURVIVORS = STAGE / "survivors.diff"
_BEGIN, _END = "<!-- written by make mutants -->", "<!-- until here -->"
_HEAD = "| module | mutants | killed | survived | score |\n| --- | ---: | ---: | ---: | ---: |\n"
_ALIVE = 0  # how pytest ends where no test has noticed
_UNREACHED = 33  # mutmut's number for a function that no test calls


@dataclass(frozen=True)
class ModuleResult:
    """How the mutants of one module ended, by name; what no test reaches has survived."""

    module: str
    ended: dict[str, int | None]

    @property
    def survived(self) -> list[str]:
        """The names of those that no test has noticed."""
        return [name for name, status in self.ended.items() if status in (_ALIVE, _UNREACHED)]

    def row(self, *, by_some: bool) -> str:
        """The module's line of the table. A mutant that never ends is noticed by the time it takes: killed."""
        tried = Counter(status is not None for status in self.ended.values())[True]
        killed = tried - len(self.survived)
        score = f"{100 * killed / tried:.0f} %" if tried else "-"
        of_all = "" if tried == len(self.ended) else f" of {len(self.ended)}"
        star = r" \*" if by_some else ""
        return f"| `{self.module}`{star} | {tried}{of_all} | {killed} | {len(self.survived)} | {score} |"


def _result(module: str) -> ModuleResult:
    meta = _meta(module)
    ended = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"] if meta.exists() else {}
    return ModuleResult(module, ended)


def open_questions(modules: list[str]) -> list[str]:
    """The mutants of these modules that have survived, or that were not tried."""
    return [name for result in map(_result, modules) for name, end in result.ended.items()
            if end is None or name in result.survived]  # fmt: skip


def _meta(module: str) -> Path:
    return _mutated(module).with_name(_mutated(module).name + ".meta")


def _mutated(module: str) -> Path:
    return STAGE / "mutants" / "dbops" / "domain" / f"{module.replace('.', '/')}.py"


def report(modules: list[str], *, by_some: bool) -> None:
    """Renew the rows of these modules in the page, and write their survivors beside the stage.

    Where only some tests were asked, ``by_some``, the rows have a star: what survives them may not survive all.
    """
    results = [_result(module) for module in modules]
    SURVIVORS.write_text("\n".join(text for result in results for text in _differences(result)), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(_BEGIN)
    table, end, after = rest.partition(_END)
    rows = {name: row for row, name in re.findall(r"^(\| `([^`]+)`.*)$", table, re.MULTILINE)}
    rows |= {result.module: result.row(by_some=by_some) for result in results if result.ended}
    lines = "\n".join(rows[module] for module in sorted(rows))
    PAGE.write_text(f"{before}{begin}\n\n{_HEAD}{lines}\n\n{end}{after}", encoding="utf-8")


def _differences(result: ModuleResult) -> Iterator[str]:
    if not result.survived:
        return
    mutated = _mutated(result.module)
    spans = json.loads(mutated.with_name(mutated.name + ".spans").read_text(encoding="utf-8"))["spans"]
    lines = mutated.read_text(encoding="utf-8").splitlines()
    for name in result.survived:
        changed = name.rpartition(".")[2]
        (first, last), (first_changed, last_changed) = spans[re.sub(r"\d+$", "orig", changed)], spans[changed]
        unreached = " (no test reaches it)" if result.ended[name] == _UNREACHED else ""
        yield f"# {name}{unreached}"
        yield from list(
            difflib.unified_diff(lines[first - 1 : last], lines[first_changed - 1 : last_changed], lineterm="", n=2)
        )[2:]
        yield ""
