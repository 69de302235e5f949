"""Promise: a load takes over the settings that decide what rows mean, each as it was, and no other of an archive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.archives.load_settings import (
    left_out_sentence,
    load_settings,
    sayable,
    set_otherwise,
)
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.database_settings import Setting, quote_text
from dbops.domain.servers.session_options import session_options

# All that a server of one byte for each character may take for a space, as pg_split_opts does.
SPACES = b" \t\n\r\f\v\x85\xa0"
HOSTILE = st.text("ab'\"\\-=c \n\t%üà\x85\xa0", max_size=20)


def entry(definition: str, kind: str = "DATABASE PROPERTIES", name: str = "shop") -> TocEntry:
    return TocEntry(dump_id=1, kind=kind, schema="", name=name, definition=definition)


UTF8 = entry("SET client_encoding = 'UTF8';\n", "ENCODING", "ENCODING")
LATIN1 = entry("SET client_encoding = 'LATIN1';\n", "ENCODING", "ENCODING")
ESCAPES = entry("SET standard_conforming_strings = 'off';\n", "STDSTRINGS", "STDSTRINGS")


def found(*statements: str, more: tuple[TocEntry, ...] = ()) -> dict[str, str]:
    return {each.name: each.value for each in load_settings([entry("\n".join(statements)), *more])}


def as_the_server_splits(options: str) -> list[str]:
    """The words of a session's options, byte by byte."""
    words, word, escaped = [], b"", False
    for byte in options.encode() + b" ":
        if not escaped and byte in SPACES:
            words += [word.decode()] if word else []
            word = b""
        elif not escaped and byte == ord("\\"):
            escaped = True
        else:
            word, escaped = word + bytes([byte]), False
    return words


def test_what_decides_how_values_are_read_and_written_is_taken_over_as_pg_dump_writes_it() -> None:
    assert found(
        "ALTER DATABASE shop SET \"TimeZone\" TO 'Europe/Vienna';",
        """ALTER DATABASE "odd "" SET db" SET "DateStyle" TO 'German, DMY';""",
        "ALTER DATABASE shop SET lc_monetary TO 'de_AT.UTF-8';",
        "ALTER DATABASE shop SET default_text_search_config TO 'pg_catalog.german';",
        "ALTER DATABASE shop SET \"app.tenant\" TO 'it''s; a\nline';",
        r"ALTER DATABASE shop SET app.path TO E'C:\\it''s';",
        "ALTER DATABASE shop SET xmlbinary TO 'hex';",
    ) == {
        "TimeZone": "Europe/Vienna",
        "DateStyle": "German, DMY",
        "lc_monetary": "de_AT.UTF-8",
        "default_text_search_config": "pg_catalog.german",
        "app.tenant": "it's; a\nline",
        "app.path": r"C:\it's",
        "xmlbinary": "hex",
    }


def test_names_are_the_servers_and_the_last_of_them_counts() -> None:
    statements = ("ALTER DATABASE x SET timezone TO 'UTC';", "ALTER DATABASE x SET \"TIMEZONE\" TO 'Europe/Rome';")
    assert found(*statements) == {"TimeZone": "Europe/Rome"}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER DATABASE shop SET search_path TO 'public';",
        "ALTER DATABASE shop SET default_transaction_read_only TO 'on';",
        "ALTER DATABASE shop SET session_preload_libraries TO 'evil';",
        "ALTER DATABASE shop SET session_authorization TO 'postgres';",
        "ALTER DATABASE shop SET role TO 'postgres';",
        "ALTER DATABASE shop SET array_nulls TO 'off';",
        "ALTER DATABASE shop SET statement_timeout TO '1';",
        "ALTER DATABASE shop SET plperl.on_plperl_init TO 'system 1';",
        "ALTER DATABASE shop SET \"PLV8.start_proc\" TO 'f';",
        "ALTER DATABASE shop SET \"app.x -c role\" TO 'postgres';",
        "ALTER DATABASE shop SET \"app.\" TO 'x';",
        "ALTER DATABASE shop SET \"app.\u017f\" TO 'x';",
        "ALTER DATABASE shop SET \"TimeZone\" TO 'UTC', 'UTC';",
        'ALTER DATABASE shop SET "TimeZone" TO UTC;',
        r"ALTER DATABASE shop SET app.x TO E'\x41';",
        "ALTER DATABASE shop SET app.x TO U&'0041';",
        "ALTER DATABASE shop SET app.x TO 'never closed;",
        "ALTER DATABASE shop SET app.x TO 'no end'",
        "ALTER ROLE app IN DATABASE shop SET \"TimeZone\" TO 'UTC';",
        "ALTER DATABASE shop RESET app.x;",
        "ALTER SYSTEM shop SET app.x TO 'y';",
        "ALTER DATABASE shop CONNECTION LIMIT 5;",
        "",
    ],
)
def test_nothing_else_is(statement: str) -> None:
    assert found(statement) == {}


def test_only_the_entry_in_which_pg_dump_writes_them_is_read() -> None:
    assert load_settings([entry("ALTER DATABASE x SET app.x TO 'y';", "COMMENT"), UTF8]) == ()


def test_a_text_is_read_as_the_archive_escapes_it() -> None:
    statement = r"ALTER DATABASE shop SET app.path TO 'C:\\it''s';"
    assert found(statement) == {"app.path": r"C:\\it's"}
    assert found(statement, more=(ESCAPES,)) == {"app.path": r"C:\it's"}


@given(HOSTILE)
def test_a_value_is_read_as_it_was_set(value: str) -> None:
    assert found(f"ALTER DATABASE shop SET app.x TO {quote_text(value)};") == {"app.x": value}


@given(st.lists(HOSTILE, max_size=4))
def test_a_session_begins_with_each_value_and_no_option_more(values: list[str]) -> None:
    said = sayable([Setting(f"app.x{number}", value) for number, value in enumerate(values)], [UTF8])

    words = as_the_server_splits(session_options(said))

    assert words == [word for each in said for word in ("-c", f"{each.name}={each.value}")]
    assert {each.value for each in said} == {value for value in values if not set(SPACES[-2:]) & set(value.encode())}


def test_what_the_server_may_read_otherwise_is_not_said() -> None:
    of = [Setting("app.a", "ü"), Setting("app.b", "plain"), Setting("app.c", "nul\0"), Setting("app.d", "à")]

    assert [each.name for each in sayable(of, [UTF8])] == ["app.a", "app.b"]
    assert [each.name for each in sayable(of, [LATIN1])] == ["app.b"]
    assert [each.name for each in sayable(of, [])] == ["app.b"]


def test_no_more_is_said_than_a_session_can_begin_with() -> None:
    of = [Setting("app.key", "x" * 5000), Setting("app.other", "y" * 5000), Setting("TimeZone", "UTC")]

    assert [each.name for each in sayable(of, [UTF8])] == ["app.key", "TimeZone"]


def test_what_is_set_otherwise_by_now_is_named_without_its_value() -> None:
    was = [Setting("TimeZone", "UTC"), Setting("app.same", "1"), Setting("app.gone", "1")]
    now = [
        Setting("timezone", "Europe/Rome"),
        Setting("app.same", "1"),
        Setting("app.new", "1"),
        Setting("app.role", "1", role="app"),
        Setting("work_mem", "7MB"),
    ]

    assert set_otherwise(was, now) == ("TimeZone", "app.gone", "app.new")
    assert set_otherwise(was, was) == ()


def test_what_is_left_out_is_told_by_its_name() -> None:
    assert "own setting TimeZone could" in left_out_sentence(["TimeZone"])
    assert "own settings TimeZone, app.x could" in left_out_sentence(["TimeZone", "app.x"])
