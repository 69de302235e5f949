"""Promise: whatever tables and columns are called, it is known into which table pg_dump wants the rows loaded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.archives.copy_statement import CopyStatement, read_copy_statement
from dbops.domain.sql.object_names import in_sql

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(schema=NAMES, table=NAMES, column=NAMES)
def test_names_in_quotes_are_read_back_whatever_is_in_them(schema: str, table: str, column: str) -> None:
    columns = f"id, {in_sql(column)}"

    read = read_copy_statement(f"COPY {in_sql(schema, table)} ({columns}) FROM stdin;\n")

    assert read == CopyStatement(schema, table, columns)


def test_names_without_quotes_are_read_too() -> None:
    read = read_copy_statement('COPY public."Order" (id, "a,b) FROM stdin;") FROM stdin;\n')

    assert read == CopyStatement("public", "Order", 'id, "a,b) FROM stdin;"')


@pytest.mark.parametrize("text", ["", "COPY films (id) FROM stdin;\n", "COPY public.films  FROM stdin;\n"])
def test_what_is_no_such_statement_is_not_guessed_at(text: str) -> None:
    assert read_copy_statement(text) is None
