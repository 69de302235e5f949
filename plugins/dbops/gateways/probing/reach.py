"""How far a write reaches: by foreign keys that cascade, from table to table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dbops.gateways.probing.prepared import Event

_CASCADE = "c"
_CHANGES = ("c", "n", "d")


@dataclass(frozen=True)
class CascadingKey:
    """A foreign key of table ``referencing``, whose ``columns`` refer to those of ``referenced``; tables are oids.

    ``on_delete`` and ``on_update`` are PostgreSQL's letters.
    """

    referenced: int
    referencing: int
    on_delete: str
    on_update: str
    referenced_columns: Sequence[str]
    columns: Sequence[str]


def reached(writes: Iterable[tuple[int, Event]], keys: Sequence[CascadingKey], sql: str) -> set[tuple[int, Event]]:
    """What a statement does, by table and event, what it sets off included.

    ``sql`` is its text: an UPDATE can only change the columns that it names.
    """
    waiting: list[tuple[int, Event, frozenset[str] | None]] = [(table, event, None) for table, event in writes]
    seen = set(waiting)
    while waiting:
        table, event, columns = waiting.pop()
        for step in _steps(table, event, columns, keys, sql.lower()):
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return {(table, event) for table, event, _ in seen}


def _steps(
    table: int, event: Event, columns: frozenset[str] | None, keys: Sequence[CascadingKey], sql: str
) -> Iterator[tuple[int, Event, frozenset[str] | None]]:
    for key in keys:
        if key.referenced != table:
            continue
        if event == "DELETE" and key.on_delete == _CASCADE:
            yield key.referencing, "DELETE", None
        elif event == "DELETE" and key.on_delete in _CHANGES:
            yield key.referencing, "UPDATE", frozenset(key.columns)
        elif event == "UPDATE" and key.on_update in _CHANGES:
            changed = (
                column in columns if columns is not None else column.lower() in sql for column in key.referenced_columns
            )
            if any(changed):
                yield key.referencing, "UPDATE", frozenset(key.columns)
