"""The initial migration: a live schema as SQL that makes it anew, in an order that needs no settings of a session."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.schema.unmodelled_objects import described
from dbops.domain.words.quantities import format_moment

NAME = "0_init"

# Bodies in quotes are looked at when a function is made, and name tables that pg_dump makes later, because it switches
# that off. So first comes what needs no function, and functions come as late as what needs them allows.
_LATE = {"FUNCTION", "PROCEDURE"}
# They are of one database, not of its schema, and say how to reach others.
_LEFT_OUT = {"PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "SUBSCRIPTION", "SUBSCRIPTION TABLE"}


def initial_migration(target: str, entries: Sequence[TocEntry], now: datetime) -> str:
    """The text of migration.sql for the entries of a pg_dump of the live schema, without owners, grants and ledger."""
    head = (
        f"-- The schema of {target} as it was on {format_moment(now)}, by "
        f"`python -m dbops migrate {target} --init`.\n"
        "-- It is where the migrations begin: marked as applied where it is live, executed where a database is new.\n"
    )
    parts = [f"-- {_title(entry)}\n{entry.definition.strip()}\n" for entry in _ordered(_kept(entries))]
    return "\n".join([head, *parts])


def _kept(entries: Sequence[TocEntry]) -> list[TocEntry]:
    absent = {entry.dump_id for entry in entries if entry.kind in _LEFT_OUT}
    return [
        entry
        for entry in described(entries)
        if entry.dump_id not in absent and absent.isdisjoint(entry.depends_on) and entry.definition.strip()
    ]


def _ordered(entries: Sequence[TocEntry]) -> Iterator[TocEntry]:
    late = {entry.dump_id: entry for entry in entries if entry.kind in _LATE}
    bound = _bound_to(late, entries)
    waiting = dict(late)

    def needed_by(entry: TocEntry) -> Iterator[TocEntry]:
        for one in entry.depends_on:
            function = waiting.pop(one, None)
            if function is not None:
                yield from needed_by(function)
                yield function

    yield from (entry for entry in entries if entry.dump_id not in bound)
    for entry in entries:
        if entry.dump_id in bound and entry.dump_id not in late:
            yield from needed_by(entry)
            yield entry
    while waiting:
        function = waiting.pop(next(iter(waiting)))
        yield from needed_by(function)
        yield function


def _bound_to(functions: Collection[int], entries: Sequence[TocEntry]) -> set[int]:
    """The functions, and what needs one of them, by way of others too: what is needed comes before what needs it."""
    bound = set(functions)
    for entry in entries:
        if not bound.isdisjoint(entry.depends_on):
            bound.add(entry.dump_id)
    return bound


def _title(entry: TocEntry) -> str:
    return " ".join(f"{entry.kind.capitalize()} {entry.name}".split())
