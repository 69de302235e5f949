"""Promises of what is told of pg_restore's errors: which are harmless, and that no row is ever quoted."""

from __future__ import annotations

import pytest

from dbops.domain.archives.complaints import is_hopeless, read_complaints

STDERR = """pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 3; 0 0 COMMENT EXTENSION pgcrypto
pg_restore: error: could not execute query: ERROR:  must be owner of extension pgcrypto
Command was: COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';


pg_restore: error: could not execute query: ERROR:  relation "Tag" already exists
Command was: CREATE TABLE public."Tag" (
    id text DEFAULT 'secret'
);


pg_restore: error: COPY failed for table "Tag": ERROR:  duplicate key value violates unique constraint "Tag_key"
DETAIL:  Key (name)=(secret) already exists.
CONTEXT:  COPY Tag, line 1: "secret"
pg_restore: error: COPY failed for table "t": ERROR:  invalid input syntax for type integer: "secret"
CONTEXT:  COPY t, line 1, column n: "secret"
pg_restore: warning: errors ignored on restore: 4
"""


def test_each_error_is_one_complaint_in_the_servers_words_and_without_a_row() -> None:
    complaints = read_complaints(STDERR)

    assert [complaint.text for complaint in complaints] == [
        "must be owner of extension pgcrypto",
        'relation "Tag" already exists',
        'COPY failed for table "Tag": duplicate key value violates unique constraint "Tag_key"',
        'COPY failed for table "t": invalid input syntax for type integer',
    ]
    assert "secret" not in repr(complaints)


def test_only_what_is_on_the_list_is_harmless() -> None:
    assert [complaint.harmless for complaint in read_complaints(STDERR)] == [True, False, False, False]


def test_the_same_words_about_another_statement_are_not_harmless() -> None:
    (complaint,) = read_complaints(
        "pg_restore: error: could not execute query: ERROR:  must be owner of extension pgcrypto\n"
        "Command was: ALTER EXTENSION pgcrypto SET SCHEMA public;\n"
    )

    assert not complaint.harmless


def test_an_error_of_pg_restore_itself_is_a_complaint() -> None:
    (complaint,) = read_complaints("pg_restore: error: could not read from input file: end of file\n")

    assert complaint.text == "could not read from input file: end of file"
    assert not complaint.harmless


def test_silence_is_no_complaint() -> None:
    assert read_complaints("pg_restore: warning: something\n") == ()
    assert read_complaints("Command was: COMMENT ON EXTENSION a IS 'b';\n") == ()


def test_a_statement_belongs_to_the_error_before_it_whatever_stands_between() -> None:
    owner = "pg_restore: error: could not execute query: ERROR:  must be owner of extension pgcrypto\n"
    command = "Command was: COMMENT ON EXTENSION pgcrypto IS 'x';\n"
    (told,) = read_complaints(f"{owner}HINT:  Ask somebody.\n{command}")
    assert told.harmless
    (told,) = read_complaints(f"{owner}Command was: ALTER EXTENSION pgcrypto SET SCHEMA public;\n{command}")
    assert (told.harmless, told.why) == (False, "")


BLAMED = {
    "a duplicate": 'could not execute query: ERROR:  could not create unique index "Tag_key"',
    "an orphan": 'could not execute query: ERROR:  insert or update on table "a" violates foreign key constraint "b"',
    "a value": 'COPY failed for table "t": ERROR:  invalid input syntax for type integer: "1O"',
    "a missing object": 'could not execute query: ERROR:  relation "gone" does not exist',
}


@pytest.mark.parametrize("said", BLAMED.values(), ids=BLAMED.keys())
def test_what_a_healthy_server_refuses_speaks_against_the_archive(said: str) -> None:
    (complaint,) = read_complaints(f"pg_restore: error: {said}\n")

    assert complaint.refused


EXCUSED = {
    "a full disk": 'COPY failed for table "t": ERROR:  could not extend file "base/1/2": No space left on device',
    "a server that died": "error returned by PQputCopyData: server closed the connection unexpectedly",
    "a server that is gone": 'connection to server on socket "/s" failed: No such file or directory',
    "a session that was ended": "could not execute query: FATAL:  terminating connection due to administrator command",
    "a panic": "could not execute query: PANIC:  could not write to file: No space left on device",
    "a statement that was cancelled": 'COPY failed for table "t": ERROR:  canceling statement due to user request',
    "a missing role": 'could not execute query: ERROR:  role "app" does not exist',
    "a missing extension": 'could not execute query: ERROR:  extension "vector" is not available',
    "a missing right": "could not execute query: ERROR:  permission denied to create extension",
    "another server": 'could not execute query: ERROR:  could not connect to server "far"',
    "another server, by dblink": "could not execute query: ERROR:  could not establish connection",
    "another server's login": "could not execute query: ERROR:  password or GSSAPI delegated credentials required",
    "another server's login, before 16": "could not execute query: ERROR:  password is required",
    "a login that only another role has": 'could not execute query: ERROR:  user mapping not found for user "x"',
    "what came of it": 'could not execute query: ERROR:  materialized view "m" has not been populated',
    "pg_cron": "could not execute query: ERROR:  can only create extension in database postgres",
    "TimescaleDB": 'could not execute query: ERROR:  extension "timescaledb" must be preloaded',
    "pg_restore itself": "could not read from input file: end of file",
    "another language": 'could not execute query: FEHLER:  Relation "weg" existiert nicht',
    "words inside a value": 'could not open "ERROR:  x"',
}


def refreshed(context: str, statement: str) -> bool:
    (complaint,) = read_complaints(
        'pg_restore: error: could not execute query: ERROR:  relation "public.prices" does not exist\n'
        f"{context}Command was: {statement};\n"
    )
    return complaint.refused


REFRESH = "REFRESH MATERIALIZED VIEW public.m"
ELSEWHERE = (
    "CONTEXT:  remote SQL command: SELECT id FROM public.prices\n",
    'CONTEXT:  while executing query on dblink connection named "x"\n',
    'CONTEXT:  SQL function "f" statement 1\nremote SQL command: SELECT 1\n',
)


@pytest.mark.parametrize("context", ELSEWHERE)
def test_what_another_server_refuses_while_a_view_is_filled_anew_does_not(context: str) -> None:
    assert not refreshed(context, REFRESH)
    assert refreshed(context, "ALTER TABLE ONLY public.t ADD CONSTRAINT c CHECK (f(x))")
    assert refreshed("", REFRESH)


@pytest.mark.parametrize("said", EXCUSED.values(), ids=EXCUSED.keys())
def test_what_another_server_or_another_day_would_take_does_not(said: str) -> None:
    (complaint,) = read_complaints(f"pg_restore: error: {said}\n")

    assert not complaint.refused
    assert not complaint.harmless


def test_a_load_is_hopeless_as_soon_as_a_complaint_cannot_be_harmless() -> None:
    assert not is_hopeless("")
    assert not is_hopeless("pg_restore: warning: errors ignored on restore: 4\n")
    assert is_hopeless(STDERR)
    assert is_hopeless('pg_restore: error: COPY failed for table "t": ERROR:  no\n')


def test_an_error_counts_once_its_statement_is_told_for_that_may_make_it_harmless() -> None:
    lines = STDERR.splitlines(keepends=True)
    for told in range(7):
        assert not is_hopeless("".join(lines[:told])), told
    assert not is_hopeless("".join(lines[:7]))
    assert is_hopeless("".join(lines[:8]))


RAISED = """pg_restore: error: COPY failed for table "aaa": ERROR:  card 4111 is not known
CONTEXT:  PL/pgSQL function ok(text) line 2 at RAISE
COPY aaa, line 1: "4111"
pg_restore: error: COPY failed for table "aaa": ERROR:  relation "4111" does not exist
CONTEXT:  COPY aaa, line 1, column r: "4111"
pg_restore: error: COPY failed for table "aaa": ERROR:  value "4111" is out of range for type smallint
CONTEXT:  COPY aaa, line 1, column r: "4111"
pg_restore: error: could not execute query: ERROR:  relation "4111" does not exist
Command was: ALTER TABLE ONLY public.aaa
    ADD CONSTRAINT c CHECK (((r)::regclass IS NOT NULL));


pg_restore: error: could not execute query: ERROR:  duplicate key value violates unique constraint "4111"
CONTEXT:  PL/pgSQL function ok(text) line 2 at RAISE
Command was: CREATE INDEX i ON public.aaa USING btree (public.ok(r));


pg_restore: error: could not execute query: ERROR:  card 4111
pg_restore: error: could not execute query: ОШИБКА:  4111
pg_restore: error: 4111
"""
HIDDEN = "the server's words are not repeated here, for they may quote a row; its log has them"


def test_neither_a_functions_words_nor_a_name_out_of_a_row_is_repeated_and_the_object_is_told() -> None:
    complaints = read_complaints(RAISED)

    assert [complaint.text for complaint in complaints] == [
        f'COPY failed for table "aaa": {HIDDEN}',
        f'COPY failed for table "aaa": {HIDDEN}',
        'COPY failed for table "aaa": value out of range for type smallint',
        f"ALTER TABLE ONLY public.aaa: {HIDDEN}",
        f"CREATE INDEX i: {HIDDEN}",
        HIDDEN,
        HIDDEN,
        HIDDEN,
    ]
    assert [complaint.refused for complaint in complaints] == [True] * 6 + [False] * 2


@pytest.mark.parametrize(
    ("words", "statement"),
    [
        ('role "app" does not exist', "ALTER TABLE public.t OWNER TO app;"),
        ('role "app" does not exist', "GRANT SELECT ON TABLE public.t TO app;"),
        ('extension "vector" is not available', "CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;"),
        ('type "public.gone" does not exist', "CREATE TABLE public.t ("),
        ("permission denied for schema public", "CREATE TABLE public.t ("),
    ],
)
def test_a_missing_role_extension_or_object_is_named(words: str, statement: str) -> None:
    (complaint,) = read_complaints(
        f"pg_restore: error: could not execute query: ERROR:  {words}\nCommand was: {statement}\n"
    )
    assert complaint.text == words


def test_what_refuses_a_connection_is_named() -> None:
    server = 'connection to server at "h", port 5432 failed: FATAL:  '
    (complaint,) = read_complaints(f'pg_restore: error: {server}role "app" does not exist\n')
    assert complaint.text == 'role "app" does not exist'
