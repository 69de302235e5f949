"""SqlStatement: one statement of an SQL text, with its line and its tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dbops.domain.sql.text import OPENED_BY, TAG, Token, tokens

_DOLLAR_QUOTE = re.compile(rf"\$(?:{TAG})?\$")


class SqlFault(ValueError):
    """A text that is not made of statements: ``line`` counts from 1, ``sentence`` says what to do."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


@dataclass(frozen=True)
class SqlStatement:
    """One statement without its semicolon and what stands around it; ``line`` is its first.

    ``tokens`` are those that mean something: no spaces, no comments. Where each starts is counted within ``sql``.
    """

    sql: str
    line: int = 1
    tokens: tuple[Token, ...] = field(default=(), repr=False, compare=False)

    def line_of(self, token: Token) -> int:
        """The line of one of its tokens."""
        return self.line + self.sql.count("\n", 0, token.start)

    def keyword(self, number: int) -> str:
        """The token of that number in capitals where it is a bare word that can be a keyword; else empty.

        After a dot, or AS, even a reserved word is a name. Numbers beyond both ends are nothing.
        """
        if not 0 <= number < len(self.tokens) or self.tokens[number].kind != "word":
            return ""
        before = self.tokens[number - 1] if number else None
        if before is not None and (before.text == "." or (before.kind == "word" and before.text.upper() == "AS")):
            return ""
        return self.tokens[number].text.upper()

    @property
    def keywords(self) -> list[str]:
        """For each token the keyword that it can be; empty where it can be none."""
        return [self.keyword(number) for number in range(len(self.tokens))]

    def has_keywords(self, *words: str) -> bool:
        """Whether these stand in it one after the other, outside of quotes."""
        found = self.keywords
        return any(tuple(found[at : at + len(words)]) == words for at in range(len(found)))

    def has(self, number: int, characters: str) -> bool:
        """Whether the token of that number is one of these characters, outside of quotes."""
        if not 0 <= number < len(self.tokens):
            return False
        return self.tokens[number].kind == "any" and self.tokens[number].text in characters


def statements(sql: str, line: int = 1) -> tuple[SqlStatement, ...]:
    """The statements of a text whose first line is ``line``, empty ones left out; raises SqlFault."""
    found: list[SqlStatement] = []
    held: list[Token] = []
    open_: list[Token] = []
    for token in tokens(sql):
        wrong = _wrong(sql, token, open_)
        if wrong:
            raise SqlFault(line + sql.count("\n", 0, token.start), wrong)
        if token.is_blank:
            continue
        if token.kind != "any" or token.text != ";":
            held.append(token)
            continue
        if open_:
            break
        if held:
            found.append(_statement(sql, line, held))
            held = []
    if open_:
        where = line + sql.count("\n", 0, open_[-1].start)
        raise SqlFault(where, f"a {open_[-1].text} is never closed; close it")
    if held:
        found.append(_statement(sql, line, held))
    return tuple(found)


def _wrong(sql: str, token: Token, open_: list[Token]) -> str:  # noqa: PLR0911 - a sentence each
    """What is wrong with a token, empty where nothing is; ``open_`` are the brackets around it."""
    if token.kind == "opening":
        what = "comment /*" if token.text == "/*" else token.text[-1]
        return f"a {what} is never closed; close it"
    if token.kind != "any":
        return ""
    if token.text in "([":
        open_.append(token)
    elif token.text in OPENED_BY and (not open_ or open_.pop().text != OPENED_BY[token.text]):
        return f"a {token.text} closes nothing; remove it"
    elif token.text == "$" and (quote := _DOLLAR_QUOTE.match(sql, token.start)):
        return f"a {quote.group()} is never closed; close it"
    elif token.text == "\\":
        return "a backslash outside of quotes is a psql command that the server does not know; remove it"
    elif token.text == "\0":
        return "it contains a NUL character; remove it"
    return ""


def _statement(sql: str, line: int, held: Sequence[Token]) -> SqlStatement:
    first, last = held[0].start, held[-1].end
    own = tuple(token._replace(start=token.start - first) for token in held)
    return SqlStatement(sql[first:last], line + sql.count("\n", 0, first), own)
