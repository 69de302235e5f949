"""A statement with its parameters filled in, ready to be sent, that can tell its lines again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbops.domain.probes import Drawn, Statement

_PLACE = re.compile(r"%\((?P<name>[^)]+)\)s|%%")


@dataclass(frozen=True)
class Query:
    """``text`` is what is sent; ``_places`` say where each filled-in part begins and ends, there and in the file."""

    text: str = field(repr=False)  # it holds parameters
    statement: Statement
    _places: tuple[tuple[int, int, int, int], ...] = field(repr=False)

    def line_at(self, position: int | None) -> int:
        """The line of the file at which a character of the text stands, counted from 1; the first where unknown."""
        if position is None or position < 1:
            return self.statement.line
        here, shift = position - 1, 0
        for begins, ends, stood, stood_until in self._places:
            if here < begins:
                break
            shift = stood - here if here < ends else stood_until - ends
        return self.statement.line + self.statement.sql.count("\n", 0, max(0, here + shift))


def filled(cursor: Any, statement: Statement, drawn: Drawn) -> Query:
    """The statement with the values of ``drawn``, quoted as the driver does; NULL where there is none of a name."""
    return Query(*_filled(cursor, statement, drawn.values))


def _filled(
    cursor: Any, statement: Statement, values: Mapping[str, Any]
) -> tuple[str, Statement, tuple[tuple[int, int, int, int], ...]]:
    parts, places, length, copied = [], [], 0, 0
    for match in _PLACE.finditer(statement.sql):
        name = match["name"]
        literal = "%" if name is None else cursor.mogrify("%s", (values.get(name),)).decode(_codec(cursor))
        before = statement.sql[copied : match.start()]
        length += len(before)
        places.append((length, length + len(literal), match.start(), match.end()))
        parts += [before, literal]
        length += len(literal)
        copied = match.end()
    parts.append(statement.sql[copied:])
    return "".join(parts), statement, tuple(places)


def _codec(cursor: Any) -> str:
    from psycopg2.extensions import encodings

    return str(encodings[cursor.connection.encoding])
