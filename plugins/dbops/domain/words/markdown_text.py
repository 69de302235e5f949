"""Texts that somebody else chose, such as names, inside Markdown: they are shown, and never obeyed."""

from __future__ import annotations

import re

from dbops.domain.words.printable import printable, printable_lines

_MARKS = re.compile(r"([\\`*<>\[\]&])")
_RUNS = re.compile(r"`+")
_SHORTEST_FENCE = 3


class Markup(str):
    """Markdown already: what it takes from others is escaped in it."""

    __slots__ = ()


def plain_text(text: str) -> Markup:
    """On one line, with every character escaped that could begin markup, a link or HTML."""
    return Markup(_MARKS.sub(r"\\\1", on_one_line(text)))


def prose(text: str) -> Markup:
    """The same, but what stands between backticks is code."""
    parts = on_one_line(text).split("`")
    if len(parts) % 2 == 0 or not all(part.strip() for part in parts[1::2]):
        return plain_text(text)
    return Markup(
        "".join(code_span(part) if number % 2 else _MARKS.sub(r"\\\1", part) for number, part in enumerate(parts))
    )


def code_span(text: str) -> Markup:
    """On one line, as code; backticks inside do not end it."""
    inner = on_one_line(text)
    fence = "`" * (_longest_run(inner) + 1)
    room = " " if inner.startswith("`") or inner.endswith("`") else ""
    return Markup(f"{fence}{room}{inner}{room}{fence}")


def code_block(text: str, language: str = "") -> Markup:
    """Lines of code; no line inside ends it."""
    lines = printable_lines(text)
    fence = "`" * max(_SHORTEST_FENCE, _longest_run(lines) + 1)
    return Markup(f"{fence}{language}\n{lines}\n{fence}")


def on_one_line(text: str) -> str:
    """With one space between its words, and without what nobody can see; marks of Markdown stay."""
    return printable(" ".join(text.split()))


def _longest_run(text: str) -> int:
    return max((len(run) for run in _RUNS.findall(text)), default=0)
