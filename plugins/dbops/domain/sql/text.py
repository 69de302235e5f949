"""SQL text: its tokens, what may not stand in a rule that is put into a statement of ours, and texts in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# To the server each character beyond ASCII is a letter, a dash and a space too.
_BEYOND = r"\x80-\U0010ffff"
TAG = rf"[A-Za-z_{_BEYOND}][A-Za-z0-9_{_BEYOND}]*"
"""A pattern of what may stand between the dollars of a quote, unless nothing does."""
# A text goes on in the next line that begins with a quote, and a backslash means there what it meant before.
_NEXT_LINE = r"'(?:[ \t\f\v]|--[^\r\n]*+)*+[\r\n](?:[ \t\r\n\f\v]|--[^\r\n]*+[\r\n])*+'"
_ESCAPED = rf"'(?:[^'\\]|\\.|''|{_NEXT_LINE})*+'"
_REST = rf"""
      | (?P<name>"(?:[^"]|"")*+")
      | (?P<dollar>\$(?P<tag>(?:{TAG})?)\$.*?\$(?P=tag)\$)
      | (?P<comment>--[^\r\n]*)
      | (?P<opening>/\*|\b[eE]'|['"])
      | (?P<word>[\w{_BEYOND}][\w${_BEYOND}]*)
      | (?P<any>.)"""
_TOKEN = re.compile(
    rf"""(?P<escaped>\b[eE]{_ESCAPED})
      | (?P<text>'(?:[^']|'')*+'){_REST}""",
    re.DOTALL | re.VERBOSE,
)
# Without standard_conforming_strings all but the texts of bits are escaped.
_TOKEN_OF_ESCAPES = re.compile(
    rf"""(?P<text>\b[bBxX]'[^']*+')
      | (?P<escaped>(?:\b[eE])?{_ESCAPED}){_REST}""",
    re.DOTALL | re.VERBOSE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_SPACES = " \t\n\r\f\v"
OPENED_BY = {")": "(", "]": "["}
"""The bracket that opens what each of these closes."""


class Token(NamedTuple):
    """A piece of SQL text that begins at ``start``. ``kind`` is escaped, text, name, dollar, comment, word or any.

    ``any`` is one character. Where a quote or a comment is never closed it is ``opening``, and what follows means
    nothing.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + len(self.text)

    @property
    def is_blank(self) -> bool:
        """Whether it is nothing to the server: a comment, or one of its spaces."""
        return self.kind == "comment" or (self.kind == "any" and self.text in _SPACES)

    @property
    def quoted(self) -> str:
        """What a token of the kind dollar has between its quotes."""
        quote = self.text[: self.text.index("$", 1) + 1]
        return self.text[len(quote) : -len(quote)]


def tokens(sql: str, *, escapes: bool = False) -> Iterator[Token]:
    """All of a text, piece by piece, as PostgreSQL takes it apart; a comment may hold other comments.

    With ``escapes`` as it does where standard_conforming_strings is off: a backslash escapes what follows it.
    """
    at, pattern = 0, _TOKEN_OF_ESCAPES if escapes else _TOKEN
    while match := pattern.match(sql, at):
        kind, text = str(match.lastgroup), match.group()
        end = _comment_end(sql, at) if kind == "opening" and text == "/*" else 0
        yield Token("comment", sql[at:end], at) if end else Token(kind, text, at)
        at = end or match.end()


def _comment_end(sql: str, start: int) -> int:
    """Where the comment that begins there is over; 0 where it never is."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return 0


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
    for token in tokens(sql):
        kind, text, _ = token
        if kind in {"comment", "opening"} and text.startswith("/*"):
            return "it has a comment of the form /* */; write -- comments instead"
        if kind == "opening":
            return f"a {text[-1]} is never closed; close it, or double it inside of quotes"
        if kind == "any" and text == ";":
            return "it has a semicolon; write one expression or query, without a semicolon"
        if kind == "any" and text in "([":
            open_.append(text)
        elif kind == "any" and text in ")]" and (not open_ or open_.pop() != OPENED_BY[text]):
            return f"a {text} closes nothing; remove it"
        empty = empty and token.is_blank
    if open_:
        return f"a {open_[-1]} is never closed; close it"
    return "it is empty; write what must hold" if empty else ""
