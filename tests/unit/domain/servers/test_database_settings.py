"""Promise: what belongs to a database's name becomes SQL that means exactly that, whatever it is called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.servers.database_settings import (
    DatabaseSettings,
    Grant,
    Setting,
    access_statements,
    quote_name,
    quote_text,
    settings_statements,
)

TEXTS = st.text(st.characters(exclude_characters="\0"))
HOSTILE = st.text("ab'\"\\;-$ \n%", max_size=12)


def unquoted_name(sql: str) -> str:
    assert re.fullmatch(r'"(?:[^"]|"")*"', sql)
    return sql[1:-1].replace('""', '"')


def unquoted_text(sql: str) -> str:
    """As a server reads it, with standard_conforming_strings on or off."""
    if sql.startswith("E'"):
        assert re.fullmatch(r"E'(?:[^'\\]|''|\\\\)*'", sql)
        return sql[2:-1].replace("''", "'").replace("\\\\", "\\")
    assert re.fullmatch(r"'(?:[^'\\]|'')*'", sql)
    return sql[1:-1].replace("''", "'")


@given(TEXTS | HOSTILE)
def test_a_name_is_one_identifier_and_nothing_more(name: str) -> None:
    assert unquoted_name(quote_name(name)) == name


@given(TEXTS | HOSTILE)
def test_a_text_is_one_literal_and_nothing_more(text: str) -> None:
    assert unquoted_text(quote_text(text)) == text


@given(HOSTILE.filter(bool), HOSTILE)
def test_every_statement_names_the_database_and_takes_its_values_as_they_are(name: str, value: str) -> None:
    settings = DatabaseSettings(owner=name, comment=value, settings=(Setting("my.setting", value, role=name),))

    owner, comment, limit, setting = settings_statements(settings, name)

    quoted = quote_name(name)
    assert owner == f"ALTER DATABASE {quoted} OWNER TO {quoted}"
    assert comment == f"COMMENT ON DATABASE {quoted} IS {quote_text(value)}"
    assert limit == f"ALTER DATABASE {quoted} CONNECTION LIMIT -1"
    assert setting == f"ALTER ROLE {quoted} IN DATABASE {quoted} SET my.setting TO {quote_text(value)}"


def statements(*settings: Setting, **more: object) -> list[str]:
    return list(settings_statements(DatabaseSettings(owner="app", settings=settings, **more), "shop"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ('"$user", public', "'$user', 'public'"),
        ('crm, "Odd, one", "q""uote"', "'crm', 'Odd, one', 'q\"uote'"),
        ('""', "''"),
        ("", "''"),
    ],
)
def test_a_list_of_names_stays_a_list(stored: str, written: str) -> None:
    assert statements(Setting("search_path", stored))[-1] == f'ALTER DATABASE "shop" SET search_path TO {written}'


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("work_mem", "work_mem"),
        ("TimeZone", '"TimeZone"'),
        ("my.O x", 'my."O x"'),
        ('a"; DROP', '"a""; DROP"'),
    ],
)
def test_a_parameter_is_written_as_it_is_called(name: str, written: str) -> None:
    assert statements(Setting(name, "1"))[-1] == f"ALTER DATABASE \"shop\" SET {written} TO '1'"


def test_a_value_with_commas_is_one_value_where_it_is_no_list_of_names() -> None:
    assert statements(Setting("DateStyle", "ISO, DMY"))[-1] == 'ALTER DATABASE "shop" SET "DateStyle" TO \'ISO, DMY\''


def test_no_comment_and_no_grants_are_what_they_are() -> None:
    assert statements() == [
        'ALTER DATABASE "shop" OWNER TO "app"',
        'COMMENT ON DATABASE "shop" IS NULL',
        'ALTER DATABASE "shop" CONNECTION LIMIT -1',
    ]


def test_grants_begin_from_nothing() -> None:
    grants = (Grant(None, "CONNECT"), Grant("read er", "CREATE", grantable=True))

    assert statements(grants=grants)[3:] == [
        'REVOKE ALL ON DATABASE "shop" FROM PUBLIC, "app"',
        'GRANT CONNECT ON DATABASE "shop" TO PUBLIC',
        'GRANT CREATE ON DATABASE "shop" TO "read er" WITH GRANT OPTION',
    ]


def test_a_database_on_which_nobody_may_do_anything_stays_so() -> None:
    assert statements(grants=())[3:] == ['REVOKE ALL ON DATABASE "shop" FROM PUBLIC, "app"']


def test_a_copy_lets_in_whom_the_original_lets_in_and_gives_nothing_else() -> None:
    grants = (Grant("app", "CONNECT"), Grant("app", "CREATE"), Grant('re"ad', "TEMPORARY", grantable=True))

    assert access_statements(DatabaseSettings(owner="app", grants=grants), "copy") == (
        'REVOKE ALL ON DATABASE "copy" FROM PUBLIC',
        'GRANT CONNECT ON DATABASE "copy" TO "app"',
        'GRANT TEMPORARY ON DATABASE "copy" TO "re""ad"',
    )
    everybody = DatabaseSettings(owner="app", grants=(Grant(None, "CONNECT"),))
    assert access_statements(everybody, "copy")[1:] == ('GRANT CONNECT ON DATABASE "copy" TO PUBLIC',)
    assert access_statements(DatabaseSettings(owner="app"), "copy") == ()
