"""Reads from the catalog what a rollback does not take back of what writing probes do.

Notifications are not among it: PostgreSQL delivers them at COMMIT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe, Statement
from dbops.domain.probes.measurement import Escape
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import written
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.probing.draws import DrawRefused, draw
from dbops.gateways.probing.functions import Function, called_in, notifies, what_escapes, what_escapes_of
from dbops.gateways.probing.prepared import Event, StatementRefused, planned
from dbops.gateways.probing.reach import CascadingKey, reached
from dbops.gateways.probing.session import Session, session


@dataclass(frozen=True)
class _Trigger:
    table: int
    schema: str
    table_name: str
    name: str
    events: Sequence[str]
    is_deferred: bool
    function: int
    function_schema: str
    function_name: str


@dataclass(frozen=True)
class _Filling:
    """A sequence that fills a column."""

    table: int
    schema: str
    name: str
    table_schema: str
    table_name: str
    column: str


@dataclass(frozen=True)
class _Written:
    """A relation that a statement would write."""

    oid: int
    schema: str
    name: str
    kind: str
    rules: Sequence[str]


@dataclass(frozen=True)
class _Catalog:
    keys: Sequence[CascadingKey]
    triggers: Sequence[_Trigger]
    fillings: Sequence[_Filling]
    functions: Sequence[Function]

    @classmethod
    def of(cls, one: Session) -> _Catalog:
        return cls(
            [CascadingKey(*row) for row in one.ask(catalog_sql("cascading_keys"))],
            [_Trigger(*row) for row in one.ask(catalog_sql("enabled_triggers"))],
            [_Filling(*row) for row in one.ask(catalog_sql("sequences_of_columns"))],
            [Function(*row) for row in one.ask(catalog_sql("user_functions"))],
        )


def read_escapes(address: DatabaseAddress, probes: Sequence[Probe], options: ProbeOptions) -> tuple[Escape, ...]:
    """Of every writing probe the triggers, rules and functions that it sets off, and the sequences that it uses.

    Nothing is executed but the draws. A trigger is always named; what its function does that stays, only where its
    text says so. Raises DatabaseError where the server cannot be reached.
    """
    writing = [probe for probe in probes if probe.writes]
    if not writing:
        return ()
    with session(address, options) as one:
        catalog = _Catalog.of(one)
        found = [
            escape
            for probe in writing
            for drawn in _first(one, probe, options)
            for statement in probe.statements
            for escape in _of_statement(one, probe, statement, drawn, catalog)
        ]
    return tuple(dict.fromkeys(found))


def _first(one: Session, probe: Probe, options: ProbeOptions) -> Sequence[Drawn]:
    try:
        return draw(one, probe, options.seed).first[:1]
    except DrawRefused:
        return (Drawn(),)


def _of_statement(
    one: Session, probe: Probe, statement: Statement, drawn: Drawn, catalog: _Catalog
) -> Iterator[Escape]:
    try:
        with one.reading():
            plan = planned(one, statement, drawn)
            relations = [_Written(*row) for row in one.ask(catalog_sql("relations_to_write"))]
    except StatementRefused:  # measuring will tell why
        return
    oids = {(relation.schema, relation.name): relation.oid for relation in relations}
    writes: list[tuple[int, Event]] = [
        (oids[write.schema, write.table], write.event) for write in plan.writes if (write.schema, write.table) in oids
    ]
    effects = reached(writes, catalog.keys, statement.sql)
    for kind, sentence in [
        *_triggers(effects, catalog),
        *_fillings(writes, catalog),
        *_relations(relations),
        *_functions(statement, catalog),
    ]:
        yield Escape(probe=probe.name, kind=kind, sentence=f"{probe.name}: {sentence}")


def _triggers(effects: set[tuple[int, Event]], catalog: _Catalog) -> Iterator[tuple[str, str]]:
    functions = {function.oid: function for function in catalog.functions}
    for trigger in catalog.triggers:
        if not any((trigger.table, event) in effects for event in trigger.events):
            continue
        table = written(trigger.schema, trigger.table_name)
        runs = written(trigger.function_schema, trigger.function_name)
        named = f"the trigger {trigger.name} of {table} runs {runs}"
        if trigger.is_deferred:
            yield "trigger", f"{named} only at COMMIT, so it is neither executed nor measured."
            continue
        function = functions.get(trigger.function)  # None where it is PostgreSQL's own
        stays = what_escapes_of(function, catalog.functions) if function else []
        sentence = (
            f"{named}, which {' and '.join(stays)}: that stays."
            if stays
            else (f"{named}; its work in the database is rolled back, what it does outside may not be.")
        )
        if function and notifies(function, catalog.functions):
            sentence += " Its notifications are discarded, for PostgreSQL delivers them at COMMIT."
        yield "trigger", sentence


def _fillings(writes: Sequence[tuple[int, Event]], catalog: _Catalog) -> Iterator[tuple[str, str]]:
    for filling in catalog.fillings:
        if (filling.table, "INSERT") in writes:
            sequence = written(filling.schema, filling.name)
            column = written(filling.table_schema, filling.table_name, filling.column)
            yield "sequence", f"the sequence {sequence} numbers {column}; each INSERT leaves a gap in it."


def _relations(relations: Sequence[_Written]) -> Iterator[tuple[str, str]]:
    for relation in relations:
        name = written(relation.schema, relation.name)
        for rule in relation.rules:
            yield "rule", f"the rule {rule} of {name} rewrites the statement; what it writes is rolled back too."
        if relation.kind == "f":
            yield "foreign table", f"{name} is a foreign table; whether it is rolled back is up to its wrapper."


def _functions(statement: Statement, catalog: _Catalog) -> Iterator[tuple[str, str]]:
    for stays in what_escapes(statement.sql):
        yield "function", f"a statement {stays}: that stays."
    for function in called_in(statement.sql, catalog.functions):
        name = written(function.schema, function.name)
        stays_too = what_escapes_of(function, catalog.functions)
        if stays_too:
            yield "function", f"a statement calls {name}, which {' and '.join(stays_too)}: that stays."
        elif function.volatile and function.is_of_a_user:
            yield (
                "function",
                (
                    f"a statement calls {name}; its work in the database is rolled back, but its triggers and "
                    "sequences were not examined."
                ),
            )
