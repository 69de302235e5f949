"""Drift: where a live schema is not what its migrations make, each object named once.

Two opinions make the whole. ``drift`` compares the catalog of tables, columns, constraints, indexes, triggers and enums
exactly. ``object_drift`` compares what pg_dump writes, for all that the first does not know: views' options, functions,
sequences, extensions, domains, policies and whatever else there is. Owners and grants do not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dbops.domain.ledger.table import LEDGER
from dbops.domain.schema.baseline import Column, SchemaBaseline, Table, without
from dbops.domain.schema.differences import every_difference
from dbops.domain.schema.object_differences import Difference
from dbops.domain.schema.unmodelled_objects import object_differences
from dbops.domain.schema.whole_schema import WholeSchema
from dbops.domain.sql.object_names import written

_WARNINGS = {"renamed_constraint"}


def whole_drift(expected: WholeSchema, live: WholeSchema) -> tuple[Difference, ...]:
    """Both opinions, errors first."""
    told = drift(expected.catalog, live.catalog)
    known = [one.subject for one in errors_of(told)]
    more = object_differences(expected, live, told=known)
    return tuple(sorted((*told, *more), key=lambda one: str(one.severity)))


def drift(expected: SchemaBaseline, live: SchemaBaseline) -> tuple[Difference, ...]:
    """What the catalog says. A constraint that is only called otherwise is a warning, everything else an error.

    The ledger's own table is left out on both sides.
    """
    expected, live = without_ledger(expected), without_ledger(live)
    found = [
        replace(one, severity="warning" if one.kind in _WARNINGS else "error")
        for one in every_difference(expected, live)
    ]
    return tuple(sorted(_with_renamed_columns(found, expected, live), key=lambda one: str(one.severity)))


def without_ledger(schema: SchemaBaseline) -> SchemaBaseline:
    """The catalog but for the ledger's own table, in whatever schema it lies."""
    return without(schema, [name for name in schema.tables if name[1] == LEDGER])


def _with_renamed_columns(
    found: Iterable[Difference], expected: SchemaBaseline, live: SchemaBaseline
) -> Iterator[Difference]:
    """The same, with one difference in place of two where a column may only be called otherwise."""
    missing: dict[str, Difference] = {}
    extra: set[str] = set()
    for name in expected.tables.keys() & live.tables.keys():
        for old, new in _renamed(expected.tables[name], live.tables[name]):
            subject = written(*name, old)
            type_ = Column.of(live.tables[name].columns[new]).type
            sentence = (
                f"the column {subject} is not there, and {new} ({type_}) is in its place: it was renamed or replaced; "
                "where it was replaced, a backup has its values"
            )
            missing[subject] = Difference("renamed_column", subject, sentence, severity="error")
            extra.add(written(*name, new))
    for one in found:
        if one.kind == "missing_column" and one.subject in missing:
            yield missing[one.subject]
        elif not (one.kind == "extra_column" and one.subject in extra):
            yield one


def _renamed(expected: Table, live: Table) -> Iterator[tuple[str, str]]:
    """The columns that are gone, each with the new one of its type that stands behind the same columns."""
    gone, new = _places(expected.columns, live.columns), _places(live.columns, expected.columns)
    for old, (place, definition) in gone.items():
        equal = next((name for name, there in new.items() if there == (place, definition)), None)
        if equal is not None:
            del new[equal]
            yield old, equal


def _places(columns: Mapping[str, str], others: Collection[str]) -> dict[str, tuple[int, str]]:
    """The columns that the other side lacks: how many that it has stand before each, and the type."""
    places, before = {}, 0
    for name, definition in columns.items():
        if name in others:
            before += 1
        else:
            places[name] = before, Column.of(definition).type
    return places


def errors_of(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Those that keep a baseline from being marked."""
    return tuple(one for one in differences if one.severity != "warning")
