"""Index suitability: which of the columns that a plan asks for an ordinary, btree, index is good for.

A column is not, whose type has no order, or one that nobody asks for, or whose values are long: its index would be
refused, or be about as large as the table, and slow down every write. Nor is a further column, where those before it
find a few rows already.
"""

from __future__ import annotations

import re
from dataclasses import replace

from dbops.domain.advice.index_needs import FEW_ROWS, READ_TIMES, IndexNeed
from dbops.domain.schema.baseline import Column, Table
from dbops.domain.servers.table_statistics import TableStatistics
from dbops.domain.sql.object_names import written

WIDE_BYTES = 250

_INSIDE = {"jsonb": "GIN", "tsvector": "GIN", "hstore": "GIN", "tsquery": "GiST"} | dict.fromkeys(
    ("point", "line", "lseg", "box", "path", "polygon", "circle", "geometry", "geography"), "GiST"
)
_LONG = ("text", "character varying", "character", "citext")
_NO_ORDER = ("json", "xml")
_UNKNOWN = TableStatistics(rows=None, changed=0)
_MODIFIER = re.compile(r"\(.*\)")


def suited(need: IndexNeed, table: Table, known: TableStatistics | None) -> IndexNeed | None:
    """What of a need a btree index should serve; None where none would help."""
    known = known or _UNKNOWN
    equal = [column for column in need.equal if not _better(column, table, known)]
    then = tuple(key for key in need.then if not _better(key.name, table, known))
    if len(then) < len(need.then) and need.is_sorted:
        return None
    if not equal and not then:
        return None
    shares = sorted((_share(column, known), place) for place, column in enumerate(equal))
    left = float(known.rows or 0)
    kept: set[int] = set()
    for share, place in shares:
        if kept and known.rows is not None and left <= FEW_ROWS:
            break
        kept.add(place)
        left *= share
    is_less = len(equal) + len(then) < len(need.columns)
    if is_less and not then and known.rows is not None and left * READ_TIMES > known.rows:
        return None  # what is left of it finds too many rows
    return replace(need, equal=tuple(column for place, column in enumerate(equal) if place in kept), then=then)


def instead(need: IndexNeed, table: Table, known: TableStatistics | None) -> str:
    """What to do for the columns that no btree index is good for; empty where there is none."""
    columns = dict.fromkeys((*need.equal, *(key.name for key in need.then)))
    said = [
        f"An ordinary index on {column} of {written(*need.table)} would not help, for {better}."
        for column in columns
        if (better := _better(column, table, known or _UNKNOWN))
    ]
    return " ".join(said)


def _better(column: str, table: Table, known: TableStatistics) -> str:
    type_ = _type(table.columns.get(column, ""))
    width = known.columns[column].width if column in known.columns else 0
    if type_.endswith("[]") or type_ in _INSIDE:
        return f"it is {type_}: see whether a {_INSIDE.get(type_, 'GIN')} index finds what is asked for"
    if type_ in _NO_ORDER:
        return f"{type_} has no order: see whether an index on the part of it that is asked for does"
    if type_ == "bytea" or (type_ in _LONG and width >= WIDE_BYTES):
        size = f"takes {width:,} bytes" if width else "is long"
        return f"a value {size}: index md5({column}), and ask for md5({column}) as well"
    return ""


def _type(definition: str) -> str:
    """``character varying`` of ``character varying(9) NOT NULL``, without the schema of an extension."""
    plain, _ = Column.of(definition).sorted_type if definition else ("", "")
    return _MODIFIER.sub("", plain).rpartition(".")[2]


def _share(column: str, known: TableStatistics) -> float:
    found = known.columns.get(column)
    return found.share(known.rows or 0) if found else 1.0
