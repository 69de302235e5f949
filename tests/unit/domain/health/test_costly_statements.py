"""The costliest statements: which are shown, and that none shows a value."""

from __future__ import annotations

import pytest

from dbops.domain.health.concern import HealthServer
from dbops.domain.health.costly_statements import StatementCost, costliest, not_installed, outline

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


@pytest.mark.parametrize("length", [160, 161])
def test_a_statement_of_a_hundred_and_sixty_characters_is_whole(length: int) -> None:
    told = outline("SELECT " + "a" * (length - 7))
    assert (len(told), told.endswith("…")) == (160, length > 160)


def test_what_was_never_called_or_has_no_share_is_told_all_the_same() -> None:
    never = StatementCost(calls=0, total_ms=5.0, share=None, query="SELECT 1", hidden=False)
    assert costliest([never], SERVER).value == "0 %, 0 calls of 5.00 ms: SELECT ?"
    only = StatementCost(calls=1, total_ms=5.0, share=1.0, query="SELECT 1", hidden=False)
    assert costliest([only], SERVER).value == "100 %, 1 call of 5.00 ms: SELECT ?"


def test_where_there_is_none_or_none_may_be_seen_that_is_said() -> None:
    nothing = costliest([cost("CREATE TABLE a ()")], SERVER)
    assert (nothing.status, nothing.value) == ("ok", "none yet")
    unseen = costliest([cost("<insufficient privilege>", hidden=True)], SERVER)
    assert (unseen.status, unseen.value) == ("unknown", "statements of other roles not seen")
    assert not_installed().status == "ok"
    assert not_installed().value == (
        "not installed: with pg_stat_statements in shared_preload_libraries (a restart) and, in this database, CREATE "
        "EXTENSION pg_stat_statements, they are shown here"
    )
