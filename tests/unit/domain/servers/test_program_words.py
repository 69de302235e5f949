# ruff: noqa: S608 - the statements are in a program's words
"""Promises of what is repeated of a program's errors: what it says of itself, known sentences of a server, tables."""

from __future__ import annotations

import pytest

from dbops.domain.servers.program_words import own_words, program_words
from dbops.domain.servers.words import NOT_REPEATED

CARD = "4111111111111111"


@pytest.mark.parametrize(
    "said",
    [
        "could not read from input file: end of file",
        "could not decompress data: Corrupted block detected",
        "error returned by PQputCopyData: server closed the connection unexpectedly",
        'COPY failed for table "t": server closed the connection unexpectedly',
        "could not execute query: no connection to the server",
        'connection to server on socket "/s" failed: No such file or directory',
        "server closed the connection unexpectedly",
    ],
)
def test_a_programs_words_of_files_and_connections_are_repeated(said: str) -> None:
    assert own_words(said) == said


@pytest.mark.parametrize(
    "said",
    [
        f"could not execute query: ОШИБКА:  карта {CARD}",
        f'COPY failed for table "t": FEHLER:  Karte {CARD}',
        f"could not execute query: {CARD}",
        f"card {CARD}",
        "could not read from input file: \x1b[2J",
    ],
)
def test_what_may_be_a_servers_is_none_of_a_programs_words(said: str) -> None:
    assert own_words(said) is None


ANALYZE = 'vacuumdb: error: vacuuming of table "public.aaa" in database "shop" failed'


@pytest.mark.parametrize(
    ("stderr", "told"),
    [
        (
            f"vacuumdb: warning: {CARD}\n{ANALYZE}: ERROR:  card {CARD} is not known\n"
            "CONTEXT:  PL/pgSQL function f(text) line 1 at RAISE\n",
            f'vacuuming of table "public.aaa" in database "shop" failed: {NOT_REPEATED}',
        ),
        (
            f'{ANALYZE}: ERROR:  could not open file "base/5/16400": Permission denied\n',
            'vacuuming of table "public.aaa" in database "shop" failed: '
            'could not open file "base/5/16400": Permission denied',
        ),
        (
            'pg_dump: error: Dumping the contents of table "t" failed: PQgetResult() failed.\n'
            "pg_dump: detail: Error message from server: ERROR:  canceling statement due to user request\n"
            f"pg_dump: detail: Command was: COPY public.t (a) TO stdout; -- {CARD}\n",
            'Dumping the contents of table "t" failed: canceling statement due to user request (COPY public.t)',
        ),
        (
            'vacuumdb: error: connection to server at "h", port 1 failed: FATAL:  role "app" does not exist\n',
            'role "app" does not exist',
        ),
        (
            'vacuumdb: error: connection to server on socket "/s" failed: No such file or directory\n',
            'connection to server on socket "/s" failed: No such file or directory',
        ),
        (f"vacuumdb: error: {CARD}\n", NOT_REPEATED),
        (f"{CARD}\n", NOT_REPEATED),
        (f"vacuumdb: warning: skipping\n{CARD}\n", NOT_REPEATED),
        ("vacuumdb: warning: skipping\nvacuumdb: hint: more\n\tand more\n", ""),
        ("", ""),
    ],
)
def test_a_programs_first_error_is_told_with_its_table_and_without_a_row(stderr: str, told: str) -> None:
    assert program_words(stderr) == told


LOST = "server closed the connection unexpectedly"
BELOW = "\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\n"
DIED = "pg_dump: error: a worker process died unexpectedly\n"


@pytest.mark.parametrize(
    ("stderr", "told"),
    [
        (
            "pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout\n"
            'pg_dump: detail: Query was: LOCK TABLE s.big, public."a ""b"" c" IN ACCESS SHARE MODE\n',
            'canceling statement due to statement timeout (LOCK TABLE s.big, public."a ""b"" c")',
        ),
        (
            'pg_dump: error: query failed: ERROR:  relation "s.big" does not exist\n'
            "pg_dump: detail: Query was: LOCK TABLE s.big IN ACCESS SHARE MODE\n",
            'relation "s.big" does not exist (LOCK TABLE s.big)',
        ),
        (
            f'pg_dump: error: query failed: ERROR:  relation "{CARD}" does not exist\n'
            "pg_dump: detail: Query was: COPY s.big (n, t) TO stdout;\n",
            f"{NOT_REPEATED} (COPY s.big)",
        ),
        (
            'pg_dump: error: query failed: ERROR:  query would be affected by row-level security policy for table "b"\n'
            f"pg_dump: detail: Query was: COPY s.b (n, t) TO stdout;\n{DIED}",
            'query would be affected by row-level security policy for table "b" (COPY s.b)',
        ),
        (
            'pg_dump: error: Dumping the contents of table "big" failed: PQgetResult() failed.\n'
            "pg_dump: detail: Error message from server: ERROR:  invalid page in block 3 of relation base/16384/16386\n"
            f"pg_dump: detail: Command was: COPY s.big (n, t) TO stdout;\n{DIED}",
            'Dumping the contents of table "big" failed: invalid page in block 3 of relation base/16384/16386 '
            "(COPY s.big)",
        ),
        (
            'pg_dump: error: Dumping the contents of table "conf" failed: PQgetResult() failed.\n'
            f"pg_dump: detail: Error message from server: ERROR:  card {CARD} is not known\n"
            f"pg_dump: detail: Command was: COPY (SELECT a FROM s.conf WHERE card = '{CARD}') TO stdout;\n",
            f'Dumping the contents of table "conf" failed: {NOT_REPEATED} (COPY s.conf)',
        ),
        (
            'pg_dump: error: Dumping the contents of table "big" failed: PQgetResult() failed.\n'
            f"pg_dump: detail: Error message from server: {LOST}\n{BELOW}"
            f"pg_dump: detail: Command was: COPY s.big (n, t) TO stdout;\n{DIED}",
            f'Dumping the contents of table "big" failed: {LOST} (COPY s.big)',
        ),
        (
            f"pg_dump: error: query failed: {LOST}\n{BELOW}pg_dump: detail: Query was: BEGIN\n{DIED}",
            f"query failed: {LOST}",
        ),
        (
            'pg_dump: error: reconnection failed: connection to server at "h", port 1 failed: FATAL:  too many '
            f'connections for role "weak"\n{DIED}',
            'too many connections for role "weak"',
        ),
        (
            'pg_dump: error: could not obtain lock on relation "s.big"\nThis usually means that someone requested\n'
            "pg_dump: error: query failed: ERROR:  canceling statement due to user request\n",
            'could not obtain lock on relation "s.big"',
        ),
        (
            'psql:/spool/0.sql:16: ERROR:  relation "tags" does not exist\nLINE 1: SELECT count(*) FROM tags\n     ^\n',
            'relation "tags" does not exist',
        ),
        (f'psql:/spool/0.sql:16: ERROR:  relation "{CARD}" does not exist\nCONTEXT:  x\n', NOT_REPEATED),
        (
            'pg_dump: error: Dumping the contents of table "big" failed: PQgetResult() failed.\n'
            f"pg_dump: detail: Error message from server: ОШИБКА:  карта {CARD}\n"
            "pg_dump: detail: Command was: COPY s.big (n, t) TO stdout;\n",
            f'Dumping the contents of table "big" failed: {NOT_REPEATED} (COPY s.big)',
        ),
        (
            "pg_dump: detail: Query was: COPY s.earlier (n) TO stdout;\n"
            "pg_dump: error: query failed: ERROR:  out of memory\n",
            "out of memory",
        ),
        (
            "pg_dump: error: query failed: ERROR:  out of memory\npg_dump: error: query failed: x\n"
            "pg_dump: detail: Query was: COPY s.later (n) TO stdout;\n",
            "out of memory",
        ),
        (
            "pg_dump: error: query failed: ERROR:  out of memory\n"
            f"pg_dump: detail: Query was: LOCK TABLE s.a, ONLY s.b, {CARD} IN ACCESS SHARE MODE\n",
            "out of memory (LOCK TABLE s.a, ONLY s.b)",
        ),
        (
            "pg_dump: error: query failed: ERROR:  out of memory\n"
            'pg_dump: detail: Query was: COPY s."a\x1b[2J" (n) TO stdout;\n',
            "out of memory",
        ),
        (
            "pg_dump: error: query failed: ERROR:  out of memory\n"
            f"pg_dump: detail: Query was: COPY (SELECT '{CARD}' FROM ONLY s.a WHERE b) TO stdout;\n",
            "out of memory (COPY s.a)",
        ),
        ("pg_dump: warning: there are circular foreign-key constraints\npg_dump: detail: cards\n", ""),
        (
            "psql:/spool/0.sql:16: FATAL:  terminating connection due to administrator command\n"
            f"psql:/spool/0.sql:16: {LOST}\n{BELOW}psql:/spool/0.sql:16: error: connection to server was lost\n",
            "terminating connection due to administrator command",
        ),
        (f"psql:/spool/0.sql:16: WARNING:  card {CARD}\npsql:/spool/0.sql:16: {LOST}\n{BELOW}", LOST),
        (f"psql:/spool/0.sql:16: ERROR:  card {CARD} is not known\nCONTEXT:  x\n", NOT_REPEATED),
        (
            "pg_dumpall: error: query failed: ERROR:  permission denied for table pg_authid\n"
            "pg_dumpall: detail: Query was: SELECT oid FROM pg_authid\n",
            "permission denied for table pg_authid",
        ),
    ],
)
def test_of_a_dump_the_sentence_of_its_failure_and_the_tables_are_told(stderr: str, told: str) -> None:
    assert program_words(stderr) == told


def test_a_dump_that_locks_thousands_of_tables_does_not_name_them_all() -> None:
    tables = ", ".join(f"public.t{number:05}" for number in range(9_000))
    stderr = (
        "pg_dump: error: query failed: ERROR:  out of shared memory\n"
        'HINT:  You might need to increase "max_locks_per_transaction".\n'
        f"pg_dump: detail: Query was: LOCK TABLE {tables} IN ACCESS SHARE MODE\n"
    )
    told = program_words(stderr)
    assert told.startswith("out of shared memory (LOCK TABLE public.t00000, public.t00001, ")
    assert told.endswith("...)")
    assert len(told) < 400


@pytest.mark.parametrize(("letters", "is_cut"), [(300, False), (301, True)])
def test_three_hundred_letters_of_what_is_locked_are_told(letters: int, is_cut: bool) -> None:
    locked = f"LOCK TABLE public.{'t' * (letters - len('LOCK TABLE public.'))}"
    stderr = (
        "pg_dump: error: query failed: ERROR:  out of memory\n"
        f"pg_dump: detail: Query was: {locked} IN ACCESS SHARE MODE\n"
    )
    assert program_words(stderr) == f"out of memory ({locked[:300]}{'...' if is_cut else ''})"
