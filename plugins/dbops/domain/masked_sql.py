"""SQL as PostgreSQL writes conditions and definitions back, in its tokens; and the same with every value masked."""

from __future__ import annotations

import re

MASK = "…"
_TOKEN = re.compile(
    r"""(?P<text>\b[eE]'(?:[^'\\]|\\.|'')*'|(?:\b[bBxXnN]|\b[uU]&)?'(?:[^']|'')*'|(?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag))
      | (?P<kept>\b(?:Init|Sub)Plan\s\d+|\.col\d+|\$\d+)
      | (?P<cast>::\s*(?:"(?:[^"]|"")*"|[^\W\d]\w*)(?:\.(?:"(?:[^"]|"")*"|[^\W\d]\w*))?
                 (?:\s(?:varying|precision))?(?:\(\d+(?:,\s?-?\d+)?\))?)
      | (?P<name>"(?:[^"]|"")*")
      | (?P<number>\d[\w.]*|\.\d\w*)
      | (?P<boolean>\b(?:true|false)\b)
      | (?P<word>[^\W\d][\w$]*)
      | (?P<unclosed>\b[eE]'.*|'.*|".*)
      | (?P<any>.)""",
    re.DOTALL | re.VERBOSE,
)


def masked(sql: str) -> str:
    """The text with every text, number and boolean in it masked: ``("userId" = '…'::text)``. Masking twice is once.

    Names, casts and PostgreSQL's own numbers of parameters and sub-plans are kept.
    """
    return "".join(_mask(kind, text) for kind, text in tokens(sql))


def tokens(sql: str) -> list[tuple[str, str]]:
    """The kind and the text of each token: text, kept, cast, name, number, boolean, word, unclosed or any."""
    return [(str(token.lastgroup), token.group()) for token in _TOKEN.finditer(sql)]


def _mask(kind: str, text: str) -> str:
    if kind == "text":
        return f"'{MASK}'"
    return MASK if kind in {"number", "boolean", "unclosed"} else text
