"""The costliest statements: which are shown, and that none shows a value."""

from __future__ import annotations

import pytest

from dbops.domain.health.concern import HealthServer
from dbops.domain.health.costly_statements import StatementCost, costliest, outline

SERVER = HealthServer(role="watcher", autovacuum=True, counted_seconds=None, statements_view="x.y")


def cost(query: str, *, hidden: bool = False) -> StatementCost:
    return StatementCost(calls=2, total_ms=5.0, share=0.25, query=query, hidden=hidden)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT *\n  FROM a1\tWHERE id = $1", "SELECT * FROM a1 WHERE id = $1"),
        ("SELECT 'secret', 4711, 1.5e3, .5, 0xFF", "SELECT ?, ?, ?, ?, ?"),
        ("SELECT 'it''s a secret', E'secret', U&'secret', N'secret'", "SELECT ?, ?, ?, ?"),
        ("SELECT $$secret$$, $q$ secret $$ secret $q$", "SELECT ?, ?"),
        ('SELECT t1.c2, "Name 3\'s" FROM t1 -- secret', 'SELECT t1.c2, "Name 3\'s" FROM t1'),
        ("/* secret */ SELECT /*secret*/ 1", "SELECT ?"),
        ("SELECT 1 /* a /* b */ secret */", "SELECT ?"),
        ("SELECT 1 /* a /* b */ secret", "SELECT ?"),
        ("SELECT $q$never closed secret", "SELECT ?"),
        ("SELECT a$1, 1::numeric(10, 2), true", "SELECT a$1, ?::numeric(10, 2), true"),
        ("SELECT a, 'x\\', 'secret'", "SELECT a, …"),
        ("SELECT a, E'x\\'secret'", "SELECT a, E …"),
        ("SELECT 'never closed secret", "SELECT ?"),
        ("SELECT /* never closed secret", "SELECT"),
        ("SELECT 'ends in a backslash\\', 'secret', 'x'", "SELECT …"),
    ],
)
def test_every_value_is_a_question_mark_and_every_comment_is_gone(query: str, line: str) -> None:
    assert outline(query) == line
    assert "secret" not in outline(query)


def test_a_long_statement_is_cut() -> None:
    assert len(outline("SELECT " + "abc, " * 100)) == 160
    assert outline("SELECT " + "abc, " * 100).endswith("…")


def test_only_statements_on_rows_are_shown_and_five_of_them() -> None:
    utility = [
        "CREATE ROLE x PASSWORD 'p'",
        "ALTER ROLE x",
        "COPY a FROM STDIN",
        "SET a = 1",
        "EXPLAIN SELECT 1",
        "SELECTED",
    ]
    rows = [
        "/* app */ select 1",
        "INSERT INTO a",
        "UPDATE a",
        "DELETE FROM a",
        "MERGE INTO a",
        "WITH a AS (SELECT 1) SELECT",
    ]
    item = costliest([cost(query) for query in utility + rows], SERVER)
    assert item.status == "ok"
    assert item.value.split("; ") == [
        "25 %, 2 calls of 2.50 ms: select ?",
        *(f"25 %, 2 calls of 2.50 ms: {query}" for query in rows[1:5]),
    ]


def test_statements_of_others_that_are_hidden_are_said() -> None:
    item = costliest([cost("<insufficient privilege>", hidden=True), cost("SELECT 1")], SERVER)
    assert item.status == "unknown"
    assert item.value == "25 %, 2 calls of 2.50 ms: SELECT ?"
    assert "pg_monitor" in item.remedy
