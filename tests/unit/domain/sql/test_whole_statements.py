"""Promise: a body between BEGIN ATOMIC and END is not taken apart."""

from __future__ import annotations

from dbops.domain.sql.whole_statements import whole_statements

BODY = "CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC\n  SELECT 1;\n  SELECT CASE WHEN true THEN 2 END;\nEND"


def test_statements_are_told_apart_with_their_lines() -> None:
    found = list(whole_statements(f"SELECT 1;\n{BODY};\nSELECT 3;"))

    assert [one.line for one in found] == [1, 2, 7]
    assert found[1].sql.split() == BODY.split()
    assert found[1].keyword(0) == "CREATE"


def test_a_body_without_an_end_is_for_the_server_to_refuse() -> None:
    assert [one.line for one in whole_statements("CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;\nSELECT 2;")] == [1]


def test_a_lonely_end_is_a_statement() -> None:
    assert [one.sql for one in whole_statements("SELECT 1; END; SELECT 2")] == ["SELECT 1", "END", "SELECT 2"]


def test_a_statement_that_only_has_one_of_the_two_words_is_no_body() -> None:
    for first in ("ALTER TABLE t ADD atomic int", "BEGIN"):
        assert [one.sql for one in whole_statements(f"{first}; SELECT 2")] == [first, "SELECT 2"]
