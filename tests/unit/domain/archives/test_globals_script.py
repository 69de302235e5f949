"""Promise: what pg_dumpall writes is read statement by statement, and a globals.sql with anything else is refused."""

from __future__ import annotations

import pytest

from dbops.domain.archives.globals_script import read_globals_script
from dbops.domain.servers.encodings import python_codec
from dbops.domain.sql.statements import SqlFault

WHOLE = r"""--
-- PostgreSQL database cluster dump
--

\restrict 3vYh0cZ

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER LOGIN CONNECTION LIMIT 3 PASSWORD 'SCRAM-SHA-256$4096:+/=$a:b' VALID UNTIL 'infinity';
COMMENT ON ROLE app IS E'one; \\two\nthree''s';
SECURITY LABEL FOR dummy ON ROLE app IS 'secret';
CREATE ROLE "Ärger; ""x"", y";

--
-- User Config "it's"
--

ALTER ROLE app SET search_path TO 'a', 'b';
ALTER ROLE app SET "my.setting" TO '-1';
GRANT app TO "Ärger; ""x"", y" WITH ADMIN OPTION, INHERIT TRUE GRANTED BY postgres;
GRANT SET ON PARAMETER work_mem TO app;
CREATE TABLESPACE fast OWNER app LOCATION '/srv/fast';
ALTER TABLESPACE fast SET (seq_page_cost=1.1, random_page_cost=1e-1);
SET SESSION AUTHORIZATION app;
GRANT ALL ON TABLESPACE fast TO PUBLIC;
RESET SESSION AUTHORIZATION;
REVOKE ALL ON TABLESPACE fast FROM app;

\unrestrict 3vYh0cZ
"""


def test_all_that_pg_dumpall_writes_is_read_but_for_folders_and_settings() -> None:
    read = read_globals_script(WHOLE.encode())

    assert [" ".join(statement.split()[:2]) for statement in read] == [
        "CREATE ROLE", "ALTER ROLE", "COMMENT ON", "SECURITY LABEL", "CREATE ROLE", "ALTER ROLE", "ALTER ROLE",
        "GRANT app", "GRANT SET", "ALTER TABLESPACE", "SET SESSION", "GRANT ALL", "RESET SESSION", "REVOKE ALL",
    ]  # fmt: skip
    assert read[2] == r"COMMENT ON ROLE app IS E'one; \\two\nthree''s'"
    assert read[4] == 'CREATE ROLE "Ärger; ""x"", y"'


@pytest.mark.parametrize(
    "foreign",
    [
        r"\! id",
        r"CREATE ROLE a \! id",
        r"\restrict abc",
        r"\i /etc/passwd",
        "COPY (SELECT 1) TO PROGRAM 'id';",
        "CREATE ROLE a; COPY (SELECT 1) TO PROGRAM 'id'",
        "DO $$BEGIN END$$;",
        "DO 'BEGIN END';",
        "SELECT 1;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE ROLE a BEGIN ATOMIC; COPY t TO PROGRAM 'id'; END;",
        "ALTER SYSTEM SET archive_command = 'id';",
        "ALTER DATABASE postgres SET work_mem = '1MB';",
        "COMMENT ON DATABASE postgres IS 'x';",
        "DROP ROLE app;",
        "RESET ALL;",
        "CREATE ROLE a /* no comment of pg_dumpall */;",
        "CREATE ROLE $a$b$a$;",
        "CREATE ROLE a$b;",
        "CREATE ROLE größe;",
        "CREATE\u00a0ROLE a;",
        "COMMENT ON ROLE a IS U&'x';",
        "CREATE ROLE a);",
        "CREATE ROLE (a;",
        'CREATE ROLE "a',
        "COMMENT ON ROLE a IS 'it never ends;",
        "COMMENT ON ROLE a IS 'a\0b';",
        # what another server, or another setting, would end elsewhere than we do
        r"COMMENT ON ROLE a IS 'x\';",
        "COMMENT ON ROLE a IS E'x'\n'y';",
        r"COMMENT ON ROLE a IS —E'\'; DROP ROLE a; --';",
    ],
)
def test_anything_else_is_refused_by_its_line_and_never_quoted(foreign: str) -> None:
    with pytest.raises(SqlFault) as caught:
        read_globals_script(f"CREATE ROLE app;\n{foreign}\nCREATE ROLE late;\n".encode())

    assert caught.value.line in {2, 3}
    assert caught.value.sentence == "holds something that pg_dumpall does not write"


def test_a_line_is_counted_as_the_file_has_it() -> None:
    with pytest.raises(SqlFault) as caught:
        read_globals_script(WHOLE.replace("REVOKE ALL ON TABLESPACE fast FROM app", "DROP ROLE app").encode())

    assert caught.value.line == 1 + WHOLE[: WHOLE.index("REVOKE ALL")].count("\n")


def test_what_no_statement_can_hold_is_found_in_its_line_and_a_second_restriction_is_none_of_pg_dumpalls() -> None:
    with pytest.raises(SqlFault) as caught:
        read_globals_script(b"CREATE ROLE app;\n\\! id\nCREATE ROLE late;\n")
    assert caught.value.line == 2

    with pytest.raises(SqlFault):
        read_globals_script((WHOLE + WHOLE.replace("3vYh0cZ", "another")).encode())


@pytest.mark.parametrize(
    ("encoding", "name"), [("LATIN1", "größe"), ("WIN1251", "роль"), ("KOI8R", "роль"), ("SJIS", "表")]
)
def test_names_are_read_in_the_encoding_that_the_script_names(encoding: str, name: str) -> None:
    script = f"SET client_encoding = '{encoding}';\nCREATE ROLE \"{name}\";\n"

    assert read_globals_script(script.encode(python_codec(encoding))) == (f'CREATE ROLE "{name}"',)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "rot13", "cp037", "hex", "utf_7", "WIN999", "UTF8"])
def test_what_cannot_be_decoded_is_replaced_and_no_other_encoding_believed(encoding: str) -> None:
    script = f"SET client_encoding = '{encoding}';\nCREATE ROLE \"".encode() + b'gr\xf6\xdfe";\nCREATE ROLE b;\n'

    assert read_globals_script(script) == ('CREATE ROLE "gr\ufffd\ufffde"', "CREATE ROLE b")
