"""Promises of what is repeated of a server's errors: sentences that are known, and no other word, nor any value."""

from __future__ import annotations

import pytest

from dbops.domain.servers.words import is_fixed, reads_rows, repeatable

CARD = "4111111111111111"

ABOUT_ROWS = (
    'duplicate key value violates unique constraint "Tag_key"',
    'could not create unique index "Tag_key"',
    'insert or update on table "a" violates foreign key constraint "b"',
    'new row for relation "numbers" violates check constraint "numbers_n_check"',
    'check constraint "c" of relation "t" is violated by some row',
    'null value in column "n" of relation "t" violates not-null constraint',
    'could not extend file "base/1/2": No space left on device',
    'could not write to file "base/pgsql_tmp/pgsql_tmp12.0": No space left on device',
    'could not open file "base/5/16400": Permission denied',
    "canceling statement due to user request",
    "terminating connection due to administrator command",
    'too many connections for role "dba"',
    "cannot execute CREATE TABLE in a read-only transaction",
    "permission denied for schema public",
    'query would be affected by row-level security policy for table "cards"',
    "invalid page in block 3 of relation base/16384/16386",
    'could not read block 7 in file "base/16384/16386": read only 100 of 8192 bytes',
    'could not read blocks 7..9 in file "base/16384/16386": Input/output error',
    "missing chunk number 1 for toast value 16390 in pg_toast_16386",
    "compressed pglz data is corrupt",
    "cache lookup failed for relation 16386",
    'could not obtain lock on relation "cards"',
    "cannot access temporary or unlogged relations during recovery",
    'snapshot "00000003-00000002-1" does not exist',
    "permission denied to create extension",
    "must be owner of extension pgcrypto",
    'materialized view "m" has not been populated',
)


@pytest.mark.parametrize("sentence", ABOUT_ROWS)
def test_what_names_only_the_catalog_is_repeated_whatever_the_statement(sentence: str) -> None:
    assert repeatable(sentence, ["DETAIL:  Failing row contains (x).", "CONTEXT:  COPY t, line 1"]) == sentence
    assert is_fixed(sentence)


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (f'invalid input syntax for type integer: "{CARD}"', "invalid input syntax for type integer"),
        (f'value "{CARD}" is out of range for type integer', "value out of range for type integer"),
        (f'invalid input value for enum mood: "{CARD}"', "invalid input value for enum mood"),
        ('invalid byte sequence for encoding "UTF8": 0x41 0x11', 'invalid byte sequence for encoding "UTF8"'),
        (
            'character with byte sequence 0xe2 0x82 0xac in encoding "UTF8" has no equivalent in encoding "LATIN1"',
            'character in encoding "UTF8" has no equivalent in encoding "LATIN1"',
        ),
        (f'date/time field value out of range: "{CARD}"', "date/time field value out of range"),
    ],
)
def test_a_value_is_cut_off_and_out(sentence: str, told: str) -> None:
    assert repeatable(sentence) == told


NAMING = (
    'relation "gone" does not exist',
    'relation "Tag" already exists',
    'role "app" does not exist',
    'schema "crm" already exists',
    'type "public.mood" does not exist',
    "function public.f(integer, text) does not exist",
    'column "x" of relation "t" does not exist',
    'constraint "c" for relation "t" already exists',
    'tablespace "fast" does not exist',
    'extension "vector" is not available',
    'could not open extension control file "/usr/share/vector.control": No such file or directory',
    'could not load library "/usr/lib/x.so": undefined symbol',
    'unrecognized configuration parameter "plv8.start_proc"',
    'collation "de-x-icu" for encoding "UTF8" does not exist',
    'syntax error at or near "it"',
)


@pytest.mark.parametrize("sentence", NAMING)
def test_a_name_that_a_row_may_have_written_is_repeated_only_where_none_has(sentence: str) -> None:
    assert repeatable(sentence, of_rows=False) == sentence
    assert repeatable(sentence) is None
    assert repeatable(sentence, ["LINE 1: SELECT * FROM gone", "             ^"]) == sentence
    assert repeatable(sentence, ["CONTEXT:  x", "LINE 1: the second line of a row's value"]) is None
    assert repeatable(sentence, ['CONTEXT:  SQL function "f" statement 1'], of_rows=False) is None


@pytest.mark.parametrize(
    "sentence",
    [
        f"card {CARD} is not known",
        f"{CARD}",
        f'card "{CARD}" does not exist',
        f'relation "a" does not exist, says card {CARD}',
        f'duplicate key value violates unique constraint "a" of {CARD}',
        f'could not open file "{CARD}" for reading: No such file or directory',
        f"plpy.Error: {CARD}",
        'relation "a\x1b" does not exist',
        'Relation "weg" existiert nicht',
        "",
    ],
)
def test_no_other_sentence_is_repeated(sentence: str) -> None:
    assert repeatable(sentence, of_rows=False) is None
    assert not is_fixed(sentence)


@pytest.mark.parametrize(
    "context",
    [
        "PL/pgSQL function ok(text) line 2 at RAISE",
        "PL/pgSQL function ok(text) line 2 at ASSERT",
        "PL/pgSQL function ok(text) line 2 at EXECUTE",
        "PL/pgSQL function ok(text) line 2 at FOR over EXECUTE statement",
        "PL/pgSQL function inline_code_block line 2 at RETURN QUERY",
        'PL/Perl function "ok"',
        'PL/Python function "ok"',
    ],
)
def test_the_words_of_a_function_are_not_repeated_even_where_they_are_a_servers(context: str) -> None:
    sentence = f'duplicate key value violates unique constraint "{CARD}"'
    assert repeatable(sentence, [f"CONTEXT:  {context}"], of_rows=False) is None
    assert repeatable(sentence, ["LINE 1: x", "CONTEXT:  x", context], of_rows=False) is None


@pytest.mark.parametrize("end", [" at character 17", "."])
def test_where_in_a_statement_it_is_and_the_full_stop_are_left_out(end: str) -> None:
    assert repeatable(f'relation "gone" does not exist{end}', of_rows=False) == 'relation "gone" does not exist'
    assert repeatable(f"permission denied for schema X{end}") == "permission denied for schema X"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE public.t OWNER TO app;",
        "ALTER DOMAIN public.d OWNER TO app;",
        "ALTER FUNCTION public.f() OWNER TO app;",
        "ALTER SEQUENCE public.s OWNED BY public.t.id;",
        "CREATE TABLE public.t (a integer);",
        "CREATE FUNCTION public.f() RETURNS integer",
        "COMMENT ON TABLE public.t IS 'x';",
        "GRANT SELECT ON TABLE public.t TO app;",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
        "SET default_tablespace = '';",
        "DROP TABLE public.t;",
    ],
)
def test_a_statement_without_an_expression_reads_no_rows(statement: str) -> None:
    assert not reads_rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "COPY public.t (a) FROM stdin;",
        "INSERT INTO public.t VALUES (1);",
        "SELECT pg_catalog.setval('public.s', 1);",
        "REFRESH MATERIALIZED VIEW public.m;",
        "CREATE INDEX i ON public.t USING btree (public.f(a));",
        "CREATE UNIQUE INDEX i ON public.t USING btree (a);",
        "ALTER TABLE ONLY public.t ADD CONSTRAINT c CHECK ((a > 0));",
        "ALTER TABLE ONLY public.t ADD CONSTRAINT c CHECK ((a <> ' OWNER TO '::text));",
        "ALTER TABLE ONLY public.t ATTACH PARTITION public.p FOR VALUES IN (1);",
        "ALTER DOMAIN public.d VALIDATE CONSTRAINT c;",
        "\nSET a = 1",
    ],
)
def test_any_other_statement_may_read_rows(statement: str) -> None:
    assert reads_rows(statement)


def test_what_the_server_misses_in_a_functions_own_text_is_repeated() -> None:
    below = ["LINE 1: SELECT count(*) FROM tags", "   ^", "QUERY:  x", "CONTEXT:  PL/pgSQL function f() line 2 at IF"]
    assert repeatable('relation "tags" does not exist', below) == 'relation "tags" does not exist'
