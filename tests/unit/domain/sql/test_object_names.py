"""Names survive being written and read, whatever is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.sql.object_names import in_sql, read_table_name, spellings, written

NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=12)


@given(NAMES, NAMES)
def test_what_is_written_is_read_back(schema: str, table: str) -> None:
    assert read_table_name(written(schema, table)) == (schema, table)


def test_a_plain_name_needs_no_quotes_and_is_of_schema_public() -> None:
    assert written("public", "Summary") == "public.Summary"
    assert read_table_name("Summary") == ("public", "Summary")
    assert written("a.b", 'c"d') == '"a.b"."c""d"'


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a.b.c", '"a', '"a"b', 'a"b'])
def test_what_is_no_name_of_a_table_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"write for example public\.Summary"):
        read_table_name(text)


def test_a_name_in_sql_is_quoted_and_postgresql_may_leave_the_quotes_out() -> None:
    assert in_sql("public", 'od"d') == '"public"."od""d"'
    assert {"public.tag", '"public"."tag"', 'public."tag"'} <= spellings("public", "tag")
    assert spellings("Crm", "Tag") == {'"Crm"."Tag"'}
