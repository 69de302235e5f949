"""SQL text: what may not stand in a rule that is put into a statement of ours, and texts in quotes."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*')
      | (?P<text>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")*")
      | (?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
      | (?P<comment>--[^\r\n]*)
      | (?P<opening>/\*|\b[eE]'|['"])
      | (?P<word>\w[\w$]*)
      | (?P<any>.)""",
    re.DOTALL | re.VERBOSE,
)
_PAIRS = {")": "(", "]": "["}


def literal(text: str) -> str:
    """A text as it stands in a statement (standard_conforming_strings is on)."""
    return "'" + text.replace("'", "''") + "'"


def objection(sql: str) -> str:  # noqa: PLR0911 - a sentence each
    """Why a condition or query cannot be put in parentheses inside a statement of ours; empty where it can.

    It must be one expression: a semicolon, an unclosed quote or a parenthesis too many would end our statement, and
    begin one that nobody has made read-only.
    """
    if "\0" in sql:
        return "it contains a NUL character; remove it"
    open_: list[str] = []
    empty = True
    for token in _TOKEN.finditer(sql):
        kind, text = token.lastgroup, token.group()
        if kind == "opening":
            if text == "/*":
                return "it has a comment of the form /* */; write -- comments instead"
            return f"a {text[-1]} is never closed; close it, or double it inside of quotes"
        if kind == "any" and text == ";":
            return "it has a semicolon; write one expression or query, without a semicolon"
        if kind == "any" and text in "([":
            open_.append(text)
        elif kind == "any" and text in ")]" and (not open_ or open_.pop() != _PAIRS[text]):
            return f"a {text} closes nothing; remove it"
        empty = empty and (kind == "comment" or text.isspace())
    if open_:
        return f"a {open_[-1]} is never closed; close it"
    return "it is empty; write what must hold" if empty else ""
