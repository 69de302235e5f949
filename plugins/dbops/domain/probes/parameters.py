"""The parameters of a probe's statements: ``:name`` as people write it, ``%(name)s`` as the driver takes it."""

from __future__ import annotations

import re

from dbops.domain.probes.probe import Statement
from dbops.domain.sql.statements import SqlStatement
from dbops.domain.sql.text import Token

_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_VALUES = frozenset({"word", "name", "text", "escaped", "dollar"})


def as_driven(statement: SqlStatement) -> Statement:
    """The statement for the driver. Every percent sign is doubled, also in quotes: the driver looks there too.

    So it is executed with a mapping, even an empty one; without any the driver would leave them doubled.
    """
    sql, parts, at = statement.sql, [], 0
    found = parameters(statement)
    for token in found:
        parts += [sql[at : token.start - 1].replace("%", "%%"), f"%({token.text})s"]
        at = token.end
    parts.append(sql[at:].replace("%", "%%"))
    return Statement("".join(parts), tuple(dict.fromkeys(token.text for token in found)), statement.line)


def parameters(statement: SqlStatement) -> tuple[Token, ...]:
    """The names of all parameters, each as often as it is used, without its colon.

    A colon that touches what stands before it is none of a parameter, as in ``a::text`` or ``'key':value``, and
    neither is one directly inside the brackets of a slice, ``a[1 :n]``: put a parameter there in parentheses.
    """
    found: list[Token] = []
    brackets: list[str] = []
    before: Token | None = None
    pairs = zip(statement.tokens, (*statement.tokens[1:], None), strict=True)
    for token, after in pairs:
        if token.kind == "any":
            _step(token, before, brackets)
            if (
                token.text == ":"
                and after is not None
                and after.kind == "word"
                and after.start == token.end
                and not after.text[0].isdigit()
                and not (before is not None and before.end == token.start and _ends_a_value(before))
                and not (brackets and brackets[-1] == "slice")
            ):
                found.append(after)
        before = token
    return tuple(found)


def misnamed(statement: SqlStatement) -> tuple[Token, ...]:
    """The parameters whose names no column of a draw has unless it is in quotes."""
    return tuple(token for token in parameters(statement) if not _NAME.fullmatch(token.text))


def _step(token: Token, before: Token | None, brackets: list[str]) -> None:
    """Keep in ``brackets`` what the brackets around the next token are: of a slice, of an array, or parentheses."""
    if token.text == "[":
        in_array = bool(brackets) and brackets[-1] == "array" and before is not None and before.text in "[,"
        starts = before is not None and before.kind == "word" and before.text.upper() == "ARRAY"
        brackets.append("array" if starts or in_array else "slice")
    elif token.text == "(":
        brackets.append("parentheses")
    elif token.text in ")]" and brackets:
        brackets.pop()


def _ends_a_value(token: Token) -> bool:
    return token.kind in _VALUES or token.text in ")]:"
