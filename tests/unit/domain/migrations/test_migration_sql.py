"""A migration takes effect whole or not at all: what would end its transaction, or needs none, is refused by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.migrations.sql import objections, runs_alone
from tests.unit.sql_texts import COMMENT, CONTENT, QUOTED

FINE = [
    "",
    "-- This is an empty migration.\n",
    'CREATE TABLE "a" ("id" int); ALTER TABLE "a" ADD "b" text;',
    "CREATE INDEX a ON t (b); DROP INDEX c;",
    "ALTER TYPE mood ADD VALUE 'great'; SET LOCAL statement_timeout = '1min'",
    # Words in quotes, in names and in bodies end no transaction.
    "COMMENT ON TABLE t IS 'COMMIT; BEGIN'; SELECT $$ ROLLBACK; $$",
    'CREATE TABLE "COMMIT" (begin_ int); ALTER TABLE t ADD "commit" text, ADD rollback text',
    "DO $$ BEGIN PERFORM 1; END $$; SELECT 1",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE 1 WHEN 1 THEN 2 END; END; SELECT 2",
    "PREPARE a AS SELECT 1; DEALLOCATE a",
    "COPY (SELECT 1) TO STDOUT",
    "COPY (SELECT stdin FROM t) TO STDOUT",
    "SELECT 'pg_read_file(1)', pg_read_file FROM t; COMMENT ON TABLE t IS 'COPY t TO PROGRAM'",
    "CREATE EXTENSION IF NOT EXISTS pgcrypto; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    'CREATE INDEX "CONCURRENTLY" ON t (a); SELECT 1',
    "REFRESH MATERIALIZED VIEW CONCURRENTLY v; SELECT 1",
    "CREATE TABLE vacuum (a int)",
]
ALONE = [
    'CREATE INDEX CONCURRENTLY "a" ON "t" ("b" DESC);',
    "-- why\ncreate unique index concurrently if not exists a on t (b)",
    "DROP INDEX CONCURRENTLY a",
    "DROP INDEX CONCURRENTLY IF EXISTS a",
    "REINDEX INDEX CONCURRENTLY a",
    "REINDEX (VERBOSE, CONCURRENTLY) TABLE t",
    "ALTER TABLE t DETACH PARTITION t1 CONCURRENTLY",
]
REFUSED = {
    "BEGIN; SELECT 1; COMMIT": [(1, "BEGIN may"), (1, "COMMIT may")],
    "SELECT 1;\nSTART TRANSACTION;\nEND": [(2, "START may"), (3, "END may")],
    "rollback": [(1, "ROLLBACK may")],
    "ABORT": [(1, "ABORT may")],
    "SAVEPOINT a;\n\nRELEASE a": [(1, "SAVEPOINT may"), (3, "RELEASE may")],
    "PREPARE TRANSACTION 'a'": [(1, "PREPARE TRANSACTION may")],
    "VACUUM t": [(1, "VACUUM may")],
    "ALTER SYSTEM SET work_mem = '1GB'": [(1, "ALTER SYSTEM may")],
    "CREATE DATABASE a;\nDROP TABLESPACE b": [(1, "CREATE DATABASE may"), (2, "DROP TABLESPACE may")],
    "COPY t TO '/x';\nCOPY t FROM '/x'": [(1, "COPY with a file"), (2, "COPY with a file")],
    "COPY t FROM E'/x';\nCOPY t FROM $$/x$$": [(1, "COPY with a file"), (2, "COPY with a file")],
    "COPY (SELECT 1)\nTO PROGRAM 'id'": [(2, "COPY with a PROGRAM")],
    "SELECT 1;\nSELECT pg_catalog.pg_read_file('/x')": [(2, "pg_read_file() may not")],
    "DO $$ BEGIN PERFORM lo_import('/x'); END $$": [(1, "lo_import() may not")],
    "SELECT \"pg_read_file\" ('/x')": [(1, "pg_read_file() may not")],
    "DO $$ BEGIN PERFORM lo_import ('/x'); END $$": [(1, "lo_import() may not")],
    "DO $$ BEGIN PERFORM lo_import/* from */('/x'); END $$": [(1, "lo_import() may not")],
    "CREATE EXTENSION plpython3u": [(1, "plpython3u, which is not trusted")],
    'CREATE EXTENSION IF NOT EXISTS "plpython3u"': [(1, "plpython3u, which is not trusted")],
    "CREATE FUNCTION f() RETURNS int AS 'x', 'y' LANGUAGE C": [(1, "c, which is not trusted")],
    "DO LANGUAGE plperlu $$ x $$": [(1, "plperlu, which is not trusted")],
    "LOAD 'x'": [(1, "LOAD may")],
    "CREATE INDEX CONCURRENTLY a ON t (b); SELECT 1": [(1, "CREATE INDEX CONCURRENTLY is not alone")],
    "CREATE INDEX CONCURRENTLY a ON t (b);\nDROP INDEX CONCURRENTLY c": [
        (1, "CREATE INDEX CONCURRENTLY is not alone"),
        (2, "DROP INDEX CONCURRENTLY is not alone"),
    ],
    "SELECT 1;\nREINDEX TABLE CONCURRENTLY t": [(2, "REINDEX CONCURRENTLY is not alone")],
    "SELECT 1;\nALTER TABLE t DETACH PARTITION p CONCURRENTLY": [(2, "DETACH PARTITION CONCURRENTLY is not alone")],
    "CREATE INDEX CONCURRENTLY ON t (b)": [(1, "CREATE INDEX CONCURRENTLY names no index")],
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; COMMIT": [(1, "COMMIT may")],
    "ALTER TABLE t ADD atomic int;\nCOMMIT": [(2, "COMMIT may")],
    "COPY t FROM STDIN": [(1, "COPY ... FROM STDIN is followed")],
    "SELECT 1;\nCOPY t (a) FROM stdin WITH (FORMAT csv);\nit's\n\\.\n": [(2, "COPY ... FROM STDIN is followed")],
    "\n\nCOPY t FROM -- rows\nSTDIN;\nit's\n": [(3, "COPY ... FROM STDIN is followed")],
    "SELECT 1;\n\\connect a": [(2, "a backslash outside of quotes is a psql command")],
    "SELECT (1": [(1, "a ( is never closed")],
    "SELECT 1;\nSELECT 'a": [(2, "a ' is never closed")],
    "\ufeffSELECT 1": [(1, "the file begins with a byte order mark")],
}


@pytest.mark.parametrize("sql", FINE)
def test_what_runs_in_one_transaction_is_taken(sql: str) -> None:
    assert objections(sql) == ()
    assert not runs_alone(sql)


@pytest.mark.parametrize("sql", ALONE)
def test_a_statement_for_which_no_transaction_may_be_open_is_taken_alone(sql: str) -> None:
    assert objections(sql) == ()
    assert runs_alone(sql)


@pytest.mark.parametrize("sql", REFUSED)
def test_what_cannot_be_a_migration_is_refused_at_its_line(sql: str) -> None:
    told = objections(sql)

    assert [(line, sentence[: len(REFUSED[sql][number][1])]) for number, (line, sentence) in enumerate(told)] == (
        REFUSED[sql]
    )
    assert all("; " in sentence for _, sentence in told), "each says what to do"


@given(st.lists(QUOTED | COMMENT, max_size=6), st.sampled_from(["COMMIT", "VACUUM", "Begin", "drop database a"]))
def test_nothing_in_quotes_or_comments_hides_or_feigns_one(parts: list[str], forbidden: str) -> None:
    hidden = " , ".join(["SELECT 1", *parts, "x"])

    assert objections(hidden) == ()
    lines = [line for line, _ in objections(f"{hidden};\n{forbidden}; {hidden}")]
    assert lines == [hidden.count("\n") + 2]


@given(st.lists(QUOTED | COMMENT, max_size=4), st.sampled_from(ALONE))
def test_a_second_statement_is_noticed_wherever_it_stands(parts: list[str], alone: str) -> None:
    other = " , ".join(["SELECT 1", *parts, "x"])

    assert len(objections(f"{other}\n;{alone}")) == 1
    assert len(objections(f"{alone}\n;{other}")) == 1
    assert objections(f"{alone}\n;{';'.join(part for part in parts if part.startswith(('--', '/*')))}") == ()


@given(CONTENT)
def test_any_text_is_taken_or_refused_at_a_line_of_it(text: str) -> None:
    assert all(1 <= line <= 1 + text.count("\n") for line, _ in objections(text))
