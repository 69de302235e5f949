"""Promise: a database is made like the one that was backed up, and lies where the server it is restored to wants it."""

from __future__ import annotations

import pytest

from dbops.domain.archives.database_definition import creation_options, creation_statement, property_statements
from dbops.domain.archives.toc_entry import TocEntry

OPTIONS = "ENCODING = 'UTF8' LOCALE_PROVIDER = builtin LOCALE = 'C' BUILTIN_LOCALE = 'C.UTF-8'"


def archive(definition: str) -> list[TocEntry]:
    return [
        TocEntry(dump_id=1, kind="TABLE", schema="a", name="b", definition="CREATE TABLE a.b ();"),
        TocEntry(dump_id=2, kind="DATABASE", schema="", name="x", definition=definition),
    ]


@pytest.mark.parametrize("name", ["shop", '"od""d"', '"two\nlines"', '" WITH TEMPLATE = template0"', '"a;b"'])
@pytest.mark.parametrize("place", ["", " TABLESPACE = fast", ' TABLESPACE = "odd "" one"'])
def test_encoding_and_locale_are_those_of_the_source(name: str, place: str) -> None:
    entries = archive(f"CREATE DATABASE {name} WITH TEMPLATE = template0 {OPTIONS}{place};\n")

    assert creation_options(entries)[0] == f"TEMPLATE = template0 {OPTIONS}"


def test_where_the_locale_is_missing_only_the_encoding_is_kept() -> None:
    _, otherwise = creation_options(archive(f"CREATE DATABASE x WITH TEMPLATE = template0 {OPTIONS};\n"))

    assert otherwise == "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C'"


@pytest.mark.parametrize("entries", [[], archive("CREATE DATABASE x;"), archive("CREATE DATABASE x OWNER y;\n")])
def test_an_archive_that_does_not_say_gets_an_empty_database(entries: list[TocEntry]) -> None:
    assert creation_options(entries)[0] == "TEMPLATE = template0"


def test_name_place_and_owner_are_quoted() -> None:
    entries = archive(f"CREATE DATABASE x WITH TEMPLATE = template0 {OPTIONS} TABLESPACE = fast;\n")

    assert creation_statement('sh"op', entries, owner="The App", tablespace="pg_default") == (
        f'CREATE DATABASE "sh""op" TEMPLATE = template0 {OPTIONS} TABLESPACE = "pg_default" OWNER = "The App"'
    )
    assert creation_statement("shop", entries, owner=None, tablespace=None).endswith(f" {OPTIONS}")


EXAMPLES = {
    "as pg_dump 17 writes it": (
        "CREATE DATABASE a WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'de_AT.UTF-8';",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'de_AT.UTF-8'",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C'",
    ),
    "with two locales": (
        "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'LATIN1' LC_COLLATE = 'C' LC_CTYPE = 'de_AT';\n\n\n",
        "TEMPLATE = template0 ENCODING = 'LATIN1' LC_COLLATE = 'C' LC_CTYPE = 'de_AT'",
        "TEMPLATE = template0 ENCODING = 'LATIN1' LOCALE_PROVIDER = libc LOCALE = 'C'",
    ),
    "with a name that looks like the rest": (
        "CREATE DATABASE \"a WITH TEMPLATE = template0\" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C';\n",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C'",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C'",
    ),
    "in a tablespace": (
        "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C' TABLESPACE = \"fast disk\";\n",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C'",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C'",
    ),
}


@pytest.mark.parametrize(("definition", "as_it_was", "as_c_sorts"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_encoding_and_locale_are_the_sources_and_the_encoding_stays_where_the_locale_cannot(
    definition: str, as_it_was: str, as_c_sorts: str
) -> None:
    entry = TocEntry(dump_id=1, kind="DATABASE", schema="", name="shop", definition=definition)

    assert creation_options([entry]) == (as_it_was, as_c_sorts)


def test_where_the_archive_does_not_say_the_servers_own_is_taken() -> None:
    as_it_was, as_c_sorts = creation_options([])

    assert as_it_was == "TEMPLATE = template0"
    assert as_c_sorts == "TEMPLATE = template0 LOCALE_PROVIDER = libc LOCALE = 'C'"


@pytest.mark.parametrize(("major", "provider"), [(14, ""), (15, " LOCALE_PROVIDER = libc")])
def test_a_server_that_knows_no_locale_providers_is_asked_for_none(major: int, provider: str) -> None:
    like = archive("CREATE DATABASE a WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';")

    asked = f"TEMPLATE = template0 ENCODING = 'UTF8'{provider} LOCALE = 'C'"
    assert creation_options(like, major=major) == (asked, asked)
    statement = creation_statement("a", like, owner=None, tablespace=None, major=major)
    assert statement == f'CREATE DATABASE "a" {asked}'


def test_what_belongs_to_the_sources_name_is_listed_as_pg_dump_wrote_it() -> None:
    def entry(kind: str, name: str, definition: str) -> TocEntry:
        return TocEntry(dump_id=3, kind=kind, schema="", name=name, owner='the "app"', definition=definition)

    entries = (
        entry("DATABASE", "od d", 'CREATE DATABASE "od d" WITH TEMPLATE = template0;\n'),
        entry("DATABASE PROPERTIES", "od d", "ALTER DATABASE \"od d\" SET work_mem TO '7MB';\n\n"),
        entry("ACL", 'DATABASE "od d"', 'REVOKE ALL ON DATABASE "od d" FROM PUBLIC;\n'),
        entry("ACL", "TABLE t", "GRANT SELECT ON TABLE public.t TO x;\n"),
    )

    assert property_statements(entries) == (
        'ALTER DATABASE "od d" OWNER TO "the ""app""";',
        "ALTER DATABASE \"od d\" SET work_mem TO '7MB';",
        'REVOKE ALL ON DATABASE "od d" FROM PUBLIC;',
    )
    assert property_statements(entries[3:]) == ()
    assert property_statements(entries[::-1]) == property_statements(entries)[::-1]


def test_a_comment_on_the_database_belongs_to_its_name_and_one_on_anything_else_does_not() -> None:
    def comment(name: str) -> TocEntry:
        return TocEntry(dump_id=3, kind="COMMENT", schema="", name=name, definition=f"COMMENT ON {name} IS 'x';\n")

    assert property_statements([comment("DATABASE shop"), comment("TABLE t")]) == ("COMMENT ON DATABASE shop IS 'x';",)


def test_where_the_owner_is_not_known_or_the_name_cannot_be_read_no_owner_is_listed() -> None:
    unowned = archive("CREATE DATABASE x WITH TEMPLATE = template0;\n")[1:]
    odd = [TocEntry(dump_id=2, kind="DATABASE", schema="", name="x", owner="app", definition="nothing")]

    assert property_statements(unowned) == property_statements(odd) == ()


def test_of_what_pg_dump_wrote_empty_lines_and_remarks_are_not_listed() -> None:
    settings = TocEntry(
        dump_id=3,
        kind="DATABASE PROPERTIES",
        schema="",
        name="x",
        definition="\n-- For binary upgrade\n\nALTER DATABASE x SET a TO '1';\nALTER DATABASE x SET b TO '2';\n",
    )

    assert property_statements([settings]) == ("ALTER DATABASE x SET a TO '1';", "ALTER DATABASE x SET b TO '2';")
