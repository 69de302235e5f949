"""Has the server prepare and plan statements, which executes nothing, and reads from the plan what they would write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import psycopg2

from dbops.domain.probes import Drawn, Statement
from dbops.gateways.probing.query import Query, filled
from dbops.gateways.probing.session import Session
from dbops.gateways.server.refusals import code_of, is_of_the_moment, said

Event = Literal["INSERT", "UPDATE", "DELETE"]
_EVENTS: Mapping[str, tuple[Event, ...]] = {
    "Insert": ("INSERT",),
    "Update": ("UPDATE",),
    "Delete": ("DELETE",),
    "Merge": ("INSERT", "UPDATE", "DELETE"),
}
# PREPARE takes only what reads and writes rows: no DDL, no COMMIT, no CALL; and a cursor takes no SELECT INTO.
_PREPARE, _CURSOR = "PREPARE dbops_probe AS ", "DECLARE dbops_probe CURSOR FOR "
_EXPLAIN = "EXPLAIN (VERBOSE, FORMAT JSON) "
# What a rule has rewritten to nothing has an INTO, too, but no cursor takes it.
_MAY_MAKE_A_TABLE = re.compile(r"\A(?!\s*(?:INSERT|MERGE)\b).*\bINTO\b", re.IGNORECASE | re.DOTALL)
_SYNTAX = "42601"
# A function or operator for these types that is not there, or more than one; types that do not match or are not known.
_TYPES = ("42725", "42883", "42804", "42846", "42P18", "42P38")
_NO_QUERY = "a probe consists of SELECT, VALUES, INSERT, UPDATE, DELETE and MERGE"


class StatementRefused(Exception):
    """The server cannot prepare a statement; its text is a sentence without a row's value.

    ``error`` is what the driver raised.
    """

    def __init__(self, line: int, sentence: str, error: BaseException) -> None:
        super().__init__(sentence)
        self.line, self.error = line, error

    @property
    def is_of_the_moment(self) -> bool:
        """Whether another time the server may: a lock, a full disk."""
        return is_of_the_moment(self.error)

    @property
    def is_of_types(self) -> bool:
        """Whether it may be one of the NULLs that were sent for want of a value, whose types nobody knows."""
        return code_of(self.error) in _TYPES


@dataclass(frozen=True)
class Write:
    """What a statement does to a table."""

    event: Event
    schema: str
    table: str


@dataclass(frozen=True)
class Plan:
    """What a statement would do: the tables it writes, and whether it locks rows that it reads."""

    writes: tuple[Write, ...]
    locks_rows: bool


def planned(session: Session, statement: Statement, drawn: Drawn) -> Plan:
    """Within ``session.reading()``: prepare and plan a statement; raises StatementRefused, DatabaseError.

    After a refusal the transaction is over.
    """
    query = filled(session.cursor, statement, drawn)
    _send(session, _PREPARE, query, drawn)
    session.ask("DEALLOCATE dbops_probe")
    ((explained,),) = _send(session, _EXPLAIN, query, drawn)
    nodes = list(_nodes(json.loads(explained)))
    plan = Plan(
        tuple(dict.fromkeys(write for node in nodes for write in _writes(node))),
        any(node.get("Node Type") == "LockRows" for node in nodes),
    )
    if not plan.writes and _MAY_MAKE_A_TABLE.search(statement.sql):
        _send(session, _CURSOR, query, drawn)
    return plan


def _send(session: Session, before: str, query: Query, drawn: Drawn) -> list[tuple[Any, ...]]:
    try:
        return session.ask(before + query.text)
    except UnicodeEncodeError as error:
        line = query.line_at(error.start - len(before) + 1)
        sentence = f"it has a character that the database's encoding, {session.connection.encoding}, lacks"
        raise StatementRefused(line, sentence, error) from None
    except psycopg2.Error as error:
        session.require(error)
        position = error.diag.statement_position
        at = None if position is None else int(position) - len(before)
        sentence = said(error, drawn.values.values())
        if at == 1 and code_of(error) == _SYNTAX:
            sentence = f"{sentence}; {_NO_QUERY}"
        raise StatementRefused(query.line_at(at), sentence, error) from None


def _nodes(plan: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(plan, list):
        for one in plan:
            yield from _nodes(one)
    elif isinstance(plan, dict):
        yield plan
        for child in ("Plan", "Plans"):
            yield from _nodes(plan.get(child))


def _writes(node: Mapping[str, Any]) -> Iterator[Write]:
    events = list(_EVENTS.get(str(node.get("Operation")), ())) if node.get("Node Type") == "ModifyTable" else []
    if node.get("Conflict Resolution") == "UPDATE":
        events.append("UPDATE")
    for table in [node, *node.get("Target Tables", ())]:
        if "Relation Name" in table:
            for event in events:
                yield Write(event, table.get("Schema", "public"), table["Relation Name"])
