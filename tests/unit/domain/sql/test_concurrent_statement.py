"""Promise: what a statement with CONCURRENTLY makes or drops is known by name, however it is written."""

from __future__ import annotations

import pytest

from dbops.domain.sql.concurrent_statement import ConcurrentStatement


@pytest.mark.parametrize(
    ("sql", "index", "relation"),
    [
        ("CREATE INDEX CONCURRENTLY a_idx ON a (b)", "a_idx", "a"),
        ("create unique index concurrently A_idx on only app.a using btree (b);", "a_idx", "app.a"),
        ('CREATE INDEX CONCURRENTLY IF NOT EXISTS "A ""x""" ON "My"."A"(b)', 'A "x"', '"My"."A"'),
        ('-- why\nCREATE INDEX /* so */ CONCURRENTLY "A.b" ON "A" (b DESC) WHERE c', "A.b", '"A"'),
    ],
)
def test_an_index_that_is_made(sql: str, index: str, relation: str) -> None:
    assert ConcurrentStatement.of(sql) == ConcurrentStatement("create", index, relation)


@pytest.mark.parametrize(
    ("sql", "index", "relation"),
    [
        ("DROP INDEX CONCURRENTLY a_idx", "a_idx", "a_idx"),
        ('drop index concurrently if exists "App"."A_idx" restrict;', "A_idx", '"App"."A_idx"'),
    ],
)
def test_an_index_that_is_dropped(sql: str, index: str, relation: str) -> None:
    assert ConcurrentStatement.of(sql) == ConcurrentStatement("drop", index, relation)


@pytest.mark.parametrize(
    "sql",
    [
        *("REINDEX TABLE CONCURRENTLY a", "REINDEX INDEX CONCURRENTLY a"),
        "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
    ],
)
def test_what_leaves_nothing_of_a_name_is_another(sql: str) -> None:
    assert ConcurrentStatement.of(sql).kind == "other"
