"""Promise: every command that dbops proposes to people, in a sentence or on a page, can be given as it stands.

One who reads it in the middle of the night types it as it is. That a hold needs a reason was not in the alerts' own.
"""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbops.cli.arguments import parser, read_arguments

ROOT = Path(__file__).parents[2]
OWN_HELP = "plugins/dbops/cli/arguments.py"  # it is asked for what it prints, below
MARKED = re.compile(r"`(?:\.venv/bin/)?python -m dbops ([^`\n]+)`")
IN_A_BLOCK = re.compile(r"^(?:\.venv/bin/)?python -m dbops ([^\n|>&]+)", re.MULTILINE)
ANY_WORD = "20261122T020000Z"  # stands for a target's name as well as for a backup's id


def files(*patterns: str) -> list[str]:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    return subprocess.run(listed, cwd=ROOT, text=True, capture_output=True, check=True).stdout.splitlines()


def texts(name: str) -> Iterator[str]:
    """What the strings of a module say, but for its docstrings, with a word where a value comes."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else f"{{{ANY_WORD}}}" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (parts | docstrings):
            yield node.value


def proposed() -> list[tuple[str, str]]:
    """Where, and the command as somebody would type it: (name of the file, arguments)."""
    modules = [name for name in files("plugins/*.py", "dags/*.py", "demo/*.py") if name != OWN_HELP]
    said = [(name, text) for name in modules for text in texts(name)]
    said += [(name, (ROOT / name).read_text(encoding="utf-8")) for name in files("plugins/*.j2", "include/*")]
    return [(name, command) for name, text in said for command in MARKED.findall(text)]


def on_pages() -> list[tuple[str, str]]:
    """The same of the pages. A verb alone only names it there."""
    found = []
    for name in files("*.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [(name, command.strip()) for command in (*MARKED.findall(text), *IN_A_BLOCK.findall(text))]
    return [(name, command) for name, command in found if " " in command]


def typed(command: str) -> list[str]:
    return shlex.split(re.sub(r"\{\w+\}|<[^>]+>", ANY_WORD, command), comments=True)


def test_commands_are_found_where_they_are_proposed() -> None:
    assert len(proposed()) > 20
    assert {
        "plugins/dbops/domain/backups/lost_rows.py",
        "plugins/dbops/domain/checks/alert.py",
        "plugins/dbops/domain/watch/promises.py",
    } <= {name for name, _ in proposed()}
    assert {"README.md", "docs/retention.md", "docs/runbooks/restore.md"} <= {name for name, _ in on_pages()}


def test_none_that_code_proposes_stands_unmarked_where_these_tests_would_not_see_it() -> None:
    unmarked = re.compile(r"(?<!`)python -m dbops \S")
    modules = [name for name in files("plugins/*.py", "dags/*.py") if name != OWN_HELP]
    assert [name for name in modules if any(unmarked.search(text) for text in texts(name))] == []


@pytest.mark.parametrize(("name", "command"), proposed() + on_pages())
def test_each_can_be_asked_for_as_it_stands(name: str, command: str) -> None:
    assert read_arguments(typed(command)).verb == typed(command)[0], name


def test_so_can_every_example_of_the_help() -> None:
    [verbs] = [one for one in parser()._actions if isinstance(one, argparse._SubParsersAction)]
    examples = [
        command
        for verb in verbs.choices.values()
        for command in re.findall(r"^  python -m dbops ([^\n|]+)", verb.epilog, re.MULTILINE)
    ]
    assert len(examples) >= len(verbs.choices)
    for command in examples:
        assert read_arguments(typed(command)).verb == typed(command)[0]
