"""SQL as PostgreSQL writes conditions and definitions back, in its tokens; and the same with every value masked."""

from __future__ import annotations

import re
from collections.abc import Collection

from dbops.domain.sql import text as sql_text
from dbops.domain.sql.text import TAG, Token

MASK = "…"
# What several tokens of a text are together.
_TOGETHER = re.compile(
    rf"""(?P<text>(?:[bBxXnN]|[uU]&)'(?:[^']|'')*+')
      | (?P<kept>(?:Init|Sub)Plan\s\d+|\.col\d+|\$\d+)
      | (?P<cast>::\s*(?:"(?:[^"]|"")*+"|[^\W\d][\w$]*)(?:\.(?:"(?:[^"]|"")*+"|[^\W\d][\w$]*))?
                 (?:\s(?:varying|precision)(?![\w$]))?(?:\(\d+(?:,\s?-?\d+)?\))?)
      | (?P<number>\d[\w$]*(?:\.(?:\w[\w$]*)?)*|\.\d[\w$]*)
      | (?P<unclosed>\$(?:{TAG})?\$.*)""",
    re.DOTALL | re.VERBOSE,
)
_TEXTS = frozenset({"text", "escaped", "dollar"})
_BOOLEANS = frozenset({"true", "false"})
_MASKED = frozenset({"number", "boolean", "unclosed", "comment"})


def masked(sql: str) -> str:
    """The text with every text, number and boolean in it masked: ``("userId" = '…'::text)``. Masking twice is once.

    Names, casts and PostgreSQL's own numbers of parameters and sub-plans are kept.
    """
    return "".join(_mask(kind, text) for kind, text in tokens(sql))


def tokens(sql: str) -> list[tuple[str, str]]:
    """The kind and the text of each token.

    Kinds are text, kept, cast, name, number, boolean, word, comment, unclosed and any. They are made of those of
    ``sql_text``, so that what is in quotes is the same for all who read SQL here.
    """
    pieces = list(sql_text.tokens(sql))
    ends = {piece.end for piece in pieces}
    found: list[tuple[str, str]] = []
    at = 0
    for piece in pieces:
        if piece.start >= at:
            kind, at = _kind(sql, piece, ends)
            found.append((kind, sql[piece.start : at]))
    return found


def _kind(sql: str, piece: Token, ends: Collection[int]) -> tuple[str, int]:
    """What begins with this piece, and where it ends."""
    if piece.kind == "opening":
        return "unclosed", len(sql)
    if piece.kind in _TEXTS:
        return "text", piece.end
    if piece.kind not in {"word", "any"}:
        return piece.kind, piece.end
    together = _TOGETHER.match(sql, piece.start)
    if together and together.end() in ends:
        return str(together.lastgroup), together.end()
    if piece.text[0].isdecimal():
        return "number", piece.end
    return "boolean" if piece.text in _BOOLEANS else piece.kind, piece.end


def _mask(kind: str, text: str) -> str:
    if kind == "text":
        return f"'{MASK}'"
    return MASK if kind in _MASKED else text
