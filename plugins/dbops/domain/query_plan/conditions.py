"""What a plan's conditions ask of a table's columns: which must equal something, lie in a range, or order rows.

Conditions are read as EXPLAIN (VERBOSE) writes them, masked: ``((s."userId" = '…'::text) AND (s."createdAt" > …))``.
What is not understood, an OR or an expression for example, is left out: an index on the rest still helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from dbops.domain.sql.masked import tokens
from dbops.domain.sql.object_names import unquoted

ConditionKind = Literal["equality", "list", "range"]
_Token = tuple[str, str]

_OPERATORS: dict[str, ConditionKind] = {"=": "equality", "<": "range", "<=": "range", ">": "range", ">=": "range"}
_SYMBOLS = frozenset("=<>!~*+-/%|&@#^?`")
_IDENTIFIERS = {"name", "word"}
_COLUMN = 3  # tokens: alias, dot, name


@dataclass(frozen=True)
class Condition:
    """One column against a value that its row does not decide, or one of a list. ``cast`` is to which type."""

    column: str
    kind: ConditionKind
    cast: str = ""


@dataclass(frozen=True)
class KeyColumn:
    """A column in an order, of an index or of a sort. NULL usually comes last where it ascends, else first."""

    name: str
    descending: bool = False
    nulls_first: bool = False

    @property
    def flipped(self) -> KeyColumn:
        """The same, read backward."""
        return KeyColumn(self.name, not self.descending, not self.nulls_first)

    def __str__(self) -> str:
        """``createdAt DESC``, as people write it."""
        usual = self.nulls_first == self.descending
        nulls = "" if usual else f" NULLS {'FIRST' if self.nulls_first else 'LAST'}"
        return f"{self.name}{' DESC' if self.descending else ''}{nulls}"


def read_conditions(texts: Iterable[str], alias: str) -> list[Condition]:
    """What the texts, which all must hold, ask of the columns of the relation with that alias."""
    found = (
        _condition(part, alias)
        for text in texts
        for part in _conjuncts([token for token in tokens(text) if not token[1].isspace()])
    )
    return list(dict.fromkeys(one for one in found if one is not None))


def read_sort_key(text: str) -> tuple[str, KeyColumn] | None:
    """The alias and the column of a ``Sort Key``; None where it sorts by something else than a column as it is."""
    found = [token for token in tokens(text) if not token[1].isspace()]
    alias = unquoted(found[0][1]) if found else ""
    column = _column(found[:_COLUMN], alias)
    if column is None or column.cast:
        return None
    words = " ".join(text for _, text in found[_COLUMN:])
    order, _, nulls = words.partition("NULLS")
    if order.strip() not in {"", "DESC"} or nulls.strip() not in {"", "FIRST", "LAST"}:
        return None
    descending = order.strip() == "DESC"
    nulls_first = nulls.strip() == "FIRST" if nulls else descending
    return alias, KeyColumn(column.column, descending, nulls_first)


def _conjuncts(found: list[_Token]) -> Iterator[list[_Token]]:
    """The parts that AND joins, however they are nested."""
    while _is_in_parentheses(found):
        found = found[1:-1]
    parts: list[list[_Token]] = [[]]
    for token, depth in zip(found, _depths(found), strict=True):
        if depth == 0 and token == ("word", "AND"):
            parts.append([])
        else:
            parts[-1].append(token)
    if len(parts) == 1:
        yield found
        return
    for part in parts:
        yield from _conjuncts(part)


def _depths(found: list[_Token]) -> Iterator[int]:
    """Within how many brackets each token stands; one that opens stands within its own, one that closes does not."""
    return accumulate((text in "([") - (text in ")]") for _, text in found)


def _is_in_parentheses(found: list[_Token]) -> bool:
    """Whether the first token is a parenthesis that the last one closes."""
    depths = list(_depths(found))
    return found[:1] == [("any", "(")] and depths[-1] == 0 and 0 not in depths[:-1]


def _condition(found: list[_Token], alias: str) -> Condition | None:
    flag = found[1:] if found[:1] == [("word", "NOT")] else found
    column = _column(flag, alias)
    if column is not None:  # a boolean, or one that is false
        return column
    if found[-2:] == [("word", "IS"), ("word", "NULL")]:
        return _column(found[:-2], alias)
    left, operator, right = _compared(found)
    if operator not in _OPERATORS:
        return None
    for side, other in ((left, right), (right, left)):
        column = _column(side, alias)
        if column is None or _depends(other, alias):
            continue
        kind = _OPERATORS[operator]
        if other[:1] in ([("word", "ANY")], [("word", "ALL")]):
            if kind != "equality" or other[0][1] == "ALL":
                return None
            kind = "list"
        return Condition(column.column, kind, column.cast)
    return None


def _compared(found: list[_Token]) -> tuple[list[_Token], str, list[_Token]]:
    """What stands left and right of the one operator that is in no parentheses; no operator where there is none."""
    for place, ((_, text), depth) in enumerate(zip(found, _depths(found), strict=True)):
        if depth == 0 and text in _SYMBOLS:
            end = place
            while end < len(found) and found[end][1] in _SYMBOLS:
                end += 1
            return found[:place], "".join(text for _, text in found[place:end]), found[end:]
    return found, "", []


def _column(found: list[_Token], alias: str) -> Condition | None:
    """The column of ``alias.column`` or ``(alias.column)::type``."""
    cast = ""
    if found and found[-1][0] == "cast":
        cast = found[-1][1].removeprefix("::").strip()
        found = found[:-1]
        if not _is_in_parentheses(found):
            return None
        found = found[1:-1]
    if len(found) != _COLUMN or found[1][1] != "." or not {found[0][0], found[2][0]} <= _IDENTIFIERS:
        return None
    return Condition(unquoted(found[2][1]), "equality", cast) if unquoted(found[0][1]) == alias else None


def _depends(found: list[_Token], alias: str) -> bool:
    """Whether a value is another one for each row of the relation."""
    for place, token in enumerate(found):
        after = found[place + 1][1] if place + 1 < len(found) else ""
        if token[0] in _IDENTIFIERS and after == "." and unquoted(token[1]) == alias:
            return True
        if token[0] == "kept" and token[1].startswith("SubPlan"):
            return True
    return False
