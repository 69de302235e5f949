"""Promise: what pg_dump never writes, because it acts outside of one database, is found before it is executed."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.archives.reach import reaches_outside, refusal_of_reach
from dbops.domain.archives.toc_entry import TocEntry


def reach(**told: Any) -> str:
    facts: dict[str, Any] = {"dump_id": 1, "kind": "TABLE", "schema": "public", "name": "t", **told}
    return " ".join(reaches_outside([TocEntry(**facts)]))


@pytest.mark.parametrize(
    ("definition", "what"),
    [
        ('DROP DATABASE "shop" WITH (FORCE);', "DROP DATABASE"),
        ('ALTER TABLE t ADD n int;\nalter /* x */ database shop rename to "gone";', "ALTER DATABASE"),
        ("CREATE DATABASE other;", "CREATE DATABASE"),
        ("ALTER ROLE app SUPERUSER;", "ALTER ROLE"),
        ("CREATE USER eve SUPERUSER;", "CREATE USER"),
        ("DROP GROUP app;", "DROP GROUP"),
        ("GRANT postgres TO eve;", "GRANT of a role"),
        ("REVOKE app FROM eve;", "REVOKE of a role"),
        ("GRANT ALL ON DATABASE shop TO eve;", "GRANT ON DATABASE"),
        ("GRANT SET ON PARAMETER log_statement TO eve;", "GRANT ON PARAMETER"),
        ("COMMENT ON DATABASE shop IS 'x';", "COMMENT ON DATABASE"),
        ("CREATE TABLESPACE x LOCATION '/tmp';", "CREATE TABLESPACE"),
        ("ALTER SYSTEM SET archive_command = 'x';", "ALTER SYSTEM"),
        ("COPY t TO PROGRAM 'id';", "begins with COPY"),
        ("DO $$ BEGIN NULL; END $$;", "begins with DO"),
        ("DROP TABLE t;", "begins with DROP"),
        ("LOAD 'x';", "begins with LOAD"),
        ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; ALTER DATABASE shop RENAME TO x;", "ALTER DAT"),
        ("INSERT INTO t VALUES (1);", "begins with INSERT"),
        ("; ; (SELECT 1)", "begins with no word"),
        ("SELECT 1); DROP DATABASE shop;", "DROP DATABASE"),
        ("COMMENT ON ROLE app IS 'x';", "COMMENT ON ROLE"),
        ("SECURITY LABEL FOR x ON ROLE app IS 'y';", "SECURITY ON ROLE"),
        ("CREATE USER mapping SUPERUSER;", "CREATE USER"),
        ("ALTER USER mapping SUPERUSER;", "ALTER USER"),
        ("DROP USER mapping;", "DROP USER"),
        ("CREATE TABLE atomic (n int); DELETE FROM t;", "begins with DELETE"),
        ("CREATE TABLE begin (n int); (SELECT 1);", "begins with no word"),
    ],
)
def test_a_statement_that_acts_outside_or_that_pg_dump_never_writes(definition: str, what: str) -> None:
    assert what in reach(definition=definition)
    assert reach(definition=definition).endswith("(TABLE t)")
    assert "shop" not in reach(definition=definition)


STDSTRINGS: dict[str, Any] = {"dump_id": 0, "kind": "STDSTRINGS", "schema": "", "name": "STDSTRINGS"}
OFF = TocEntry(**STDSTRINGS, definition="SET standard_conforming_strings = 'off';\n")
ON = TocEntry(**STDSTRINGS, definition="SET standard_conforming_strings = 'on';\n")


def comment(text: str) -> TocEntry:
    return TocEntry(
        dump_id=1, kind="COMMENT", schema="s", name="TABLE t", definition=f"COMMENT ON TABLE s.t IS {text};\n"
    )


@pytest.mark.parametrize("said", [[ON], [OFF], [ON, OFF], [OFF, ON], []])
@pytest.mark.parametrize(
    "text",
    [
        r"'a\''; ALTER ROLE eve SUPERUSER; --'",
        r"'a\'; ALTER ROLE eve SUPERUSER; --'",
        r"E'a' ''; ALTER ROLE eve SUPERUSER; SELECT '\''",
        r"b'1' '\''; ALTER ROLE eve SUPERUSER; --'",
    ],
)
def test_no_text_hides_a_statement_however_the_server_reads_it(said: list[TocEntry], text: str) -> None:
    assert "ALTER ROLE (COMMENT TABLE t)" in reaches_outside([*said, comment(text)])


@pytest.mark.parametrize("said", [[ON], [OFF], []])
@pytest.mark.parametrize(
    "definition",
    [
        "SELECT 1 AS —$a$; ALTER ROLE eve SUPERUSER; --$a$",
        "SELECT $—$ ' $—$; ALTER ROLE eve SUPERUSER; --'",
        "SELECT $٣$ ' $٣$; ALTER ROLE eve SUPERUSER; --'",
        r"SELECT —E'\'; ALTER ROLE eve SUPERUSER; --'",
    ],
)
def test_no_character_beyond_ascii_hides_a_statement_for_to_the_server_it_is_a_letter(
    said: list[TocEntry], definition: str
) -> None:
    forged = TocEntry(dump_id=1, kind="VIEW", schema="s", name="v", definition=definition)
    assert "ALTER ROLE (VIEW v)" in reaches_outside([*said, forged])


@pytest.mark.parametrize(("said", "is_found"), [([ON], False), ([OFF], True), ([], False)])
def test_what_pg_dump_never_writes_is_looked_for_as_the_archive_says_that_its_texts_are_read(
    said: list[TocEntry], is_found: bool
) -> None:
    found = reaches_outside([*said, comment(r"'a\''; DROP TABLE t; --'")])
    assert found == (("a statement that begins with DROP (COMMENT TABLE t)",) if is_found else ())


def test_what_begins_like_a_grant_or_a_comment_and_ends_at_once_is_about_nothing() -> None:
    assert reach(definition="GRANT SELECT ON;") == reach(definition="COMMENT;") == ""


@pytest.mark.parametrize("said", [[ON], [OFF]])
@pytest.mark.parametrize(
    "text",
    [
        r"'C:\\temp; DROP DATABASE shop;'",
        r"'C:\\temp\\; it''s a DROP DATABASE shop\\'",
        r"E'C:\\temp\'; DROP DATABASE shop;'",
        r"'; DROP DATABASE shop'",
    ],
)
def test_what_is_a_text_however_it_is_read_is_no_statement(said: list[TocEntry], text: str) -> None:
    assert reaches_outside([*said, comment(text)]) == ()


def test_a_text_that_ends_in_a_backslash_is_no_statement() -> None:
    assert reaches_outside([ON, comment("'x; DROP DATABASE shop; C:\\'")]) == ()


@pytest.mark.parametrize(
    "copy",
    [
        r"COPY (SELECT '\'') TO stdout; DROP DATABASE x; --' ) FROM stdin;",
        r"COPY t (a) FROM 'x\'; DROP DATABASE x; --' FROM stdin;",
    ],
)
@pytest.mark.parametrize("said", [[ON], [OFF]])
def test_a_copy_hides_nothing_in_a_text(said: list[TocEntry], copy: str) -> None:
    rows = TocEntry(dump_id=1, kind="TABLE DATA", schema="s", name="t", copy_statement=copy, file="1.dat")
    assert reaches_outside([*said, rows]) == ("a file that is not loaded by COPY FROM stdin (TABLE DATA t)",)


@pytest.mark.parametrize(
    "definition",
    [
        "CREATE TABLE t (\"DROP DATABASE\" text DEFAULT 'x; DROP DATABASE shop;');\n-- DROP DATABASE shop;\n",
        "CREATE USER MAPPING FOR app SERVER s;",
        "GRANT USAGE ON FOREIGN SERVER s TO app;",
        "GRANT SELECT ON TABLE role TO app;",
        "ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA s GRANT SELECT ON TABLES TO reader;",
        "SET SESSION AUTHORIZATION app;\nGRANT SELECT(a) ON TABLE t TO x;\nRESET SESSION AUTHORIZATION;",
        "CREATE RULE r AS ON INSERT TO t DO ALSO ( INSERT INTO u VALUES (1);\n DELETE FROM v;\n);",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1;\n DELETE FROM t;\nEND;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1;\n (SELECT 2);\n RETURN 3;\nEND;",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER DATABASE shop'; END $$;",
        "SELECT pg_catalog.setval('public.s', 1, true);",
        "REFRESH MATERIALIZED VIEW v;",
        "SECURITY LABEL FOR x ON TABLE t IS 'role';",
        "-- *not* creating schema, since initdb creates it\n",
    ],
)
def test_what_pg_dump_writes_is_let_through(definition: str) -> None:
    assert reach(definition=definition) == ""


@pytest.mark.parametrize(
    ("kind", "name", "definition"),
    [
        ("DATABASE", "shop", "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8';\n"),
        (
            "DATABASE PROPERTIES",
            "shop",
            "ALTER DATABASE shop SET x TO '1';\nALTER ROLE app IN DATABASE shop SET y TO 1;",
        ),
        ("COMMENT", "DATABASE shop", "COMMENT ON DATABASE shop IS 'x';"),
        ("ACL", "DATABASE shop", "REVOKE ALL ON DATABASE shop FROM PUBLIC;"),
        ("SECURITY LABEL", "DATABASE shop", "SECURITY LABEL FOR x ON DATABASE shop IS 'y';"),
    ],
)
def test_what_a_database_is_itself_is_let_through_where_pg_restore_does_not_execute_it(
    kind: str, name: str, definition: str
) -> None:
    assert reach(kind=kind, name=name, definition=definition) == ""
    assert bool(reach(kind=kind, name="TABLE t", definition=definition)) == (not kind.startswith("DATABASE"))


def test_the_statement_that_makes_the_database_is_one() -> None:
    said = "more than one statement to make the database (DATABASE t)"
    assert reach(kind="DATABASE", definition="CREATE DATABASE a; DROP ROLE x;") == said


@pytest.mark.parametrize(
    ("copy", "what"),
    [
        ('COPY public."T" (a, "from") FROM stdin;\n', ""),
        ("COPY t FROM PROGRAM 'id';", "a file that is not loaded by COPY FROM stdin"),
        ("COPY t FROM '/etc/passwd';", "a file that is not loaded by COPY FROM stdin"),
        ("COPY (SELECT 1) TO '/tmp/x';", "a file that is not loaded by COPY FROM stdin"),
        ("DROP DATABASE shop;", "a file that is not loaded by COPY FROM stdin"),
        ("COPY t FROM stdin; COPY t FROM stdin", "a file that is not loaded by COPY FROM stdin"),
        ("", "a file that is not loaded by COPY FROM stdin"),
    ],
)
def test_rows_come_from_the_archive_itself(copy: str, what: str) -> None:
    found = reach(kind="TABLE DATA", file="3.dat", copy_statement=copy)
    assert found == (f"{what} (TABLE DATA t)" if what else "")
    alone = reach(kind="TABLE DATA", copy_statement=copy)
    assert alone == ("a COPY that is not FROM stdin (TABLE DATA t)" if what and copy else "")


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1", "SQL_ASCII", "WIN1252", "SJIS", "MULE_INTERNAL", "EUC_TW"])
def test_the_encoding_is_one_that_postgresql_calls_so(encoding: str) -> None:
    """pg_restore takes what stands in the first quotes, and many names for one encoding."""
    assert reach(kind="ENCODING", definition=f"SET client_encoding = '{encoding}';\n") == ""
    for forged in (
        f"SET client_encoding = '{encoding.lower()}';\n",
        f"SET a = 'SJIS'; SET client_encoding = '{encoding}';\n",
        f"SET client_encoding = '{encoding}'; SET a = 'b';\n",
        "SET client_encoding = 'mskanji';\n",
        f"SET client_encoding TO '{encoding}';\n",
        "",
    ):
        assert reach(kind="ENCODING", definition=forged).startswith("an encoding that PostgreSQL calls otherwise")


def test_large_objects_are_a_list_of_numbers() -> None:
    assert reach(kind="BLOBS", file="blobs_1.toc") == ""
    assert reach(kind="BLOB METADATA", definition="16385\n16386\n") == ""
    forged = "1'); ALTER DATABASE a RENAME TO b; SELECT ('"
    more = "a list of large objects that has more in it"
    assert reach(kind="BLOB METADATA", definition=forged) == f"{more} (BLOB METADATA t)"
    assert "not loaded by COPY" in reach(kind="BLOB COMMENTS", file="x.dat")


def test_what_pg_restore_makes_of_a_drop_statement_is_looked_at_too() -> None:
    assert reach(kind="FUNCTION", drop_statement="DROP FUNCTION public.f();\n") == ""
    assert reach(kind="USER MAPPING", drop_statement="DROP USER MAPPING FOR app SERVER s;\n") == ""
    assert "DROP DATABASE" in reach(kind="FUNCTION", drop_statement="DROP DATABASE shop RENAME TO gone --")
    for hidden in (r"DROP FUNCTION 'a\'; DROP ROLE x; --'", r"DROP FUNCTION 'a\''; DROP ROLE x; --'"):
        assert "DROP ROLE" in reach(kind="FUNCTION", drop_statement=hidden)
    assert "DROP USER" in reach(kind="USER MAPPING", drop_statement="DROP USER mapping;\n")


def test_the_refusal_names_some_of_many() -> None:
    entries = [TocEntry(dump_id=n, kind="TABLE", schema="", name=f"t{n}", definition="DROP ROLE x;") for n in range(7)]
    said = refusal_of_reach(reaches_outside(entries))
    assert "DROP ROLE (TABLE t0)" in said
    assert "and 2 more. pg_dump writes no such thing" in said
    assert refusal_of_reach(reaches_outside(entries[:2])) == (
        "The backup's table of contents would act outside of the database that it is loaded into: DROP ROLE (TABLE "
        "t0), DROP ROLE (TABLE t1). pg_dump writes no such thing: somebody may have changed the backup."
    )
    assert "more" not in refusal_of_reach(reaches_outside(entries[:5]))
