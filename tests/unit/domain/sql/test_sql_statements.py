"""A text is taken apart into the statements that PostgreSQL would execute, whatever stands in quotes and comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.sql.statements import SqlFault, SqlStatement, statements
from dbops.domain.sql.text import tokens
from tests.unit.sql_texts import CONTENT, STATEMENT


@given(st.lists(STATEMENT, min_size=1, max_size=4), st.sampled_from([";", "\n;\n", ";;", "; -- ;\n", " ; /* ; */"]))
def test_joined_statements_are_split_into_exactly_these(parts: list[str], joint: str) -> None:
    assert [one.sql for one in statements(joint.join(parts))] == parts


@given(st.lists(STATEMENT, min_size=1, max_size=4), st.integers(1, 100))
def test_each_statement_has_the_line_in_which_it_begins(parts: list[str], first: int) -> None:
    lines = [one.line for one in statements(";\n".join(parts), first)]

    assert lines == [first + ";\n".join(parts[:number]).count("\n") + (number > 0) for number in range(len(parts))]


@given(CONTENT)
def test_no_character_of_a_text_is_lost(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text
    assert all(text[token.start : token.end] == token.text for token in tokens(text))


@given(CONTENT)
def test_any_text_is_split_or_refused_at_a_line_of_it(text: str) -> None:
    found: tuple[SqlStatement, ...] = ()
    lines = [1]
    try:
        found = statements(text)
    except SqlFault as fault:
        lines = [fault.line]

    assert 1 <= lines[0] <= 1 + text.count("\n")
    # By what is a space to the server: to it a character beyond ASCII is a letter.
    assert all(one.tokens and one.sql == one.sql.strip(" \t\r\n\f\v") for one in found)


def test_a_space_that_is_none_to_the_server_belongs_to_the_word_that_it_ends() -> None:
    assert [one.sql for one in statements("SELECT 0\x85; SELECT 1")] == ["SELECT 0\x85", "SELECT 1"]


def test_what_stands_before_and_behind_a_statement_does_not_belong_to_it() -> None:
    (first, second) = statements("\n-- the first\nSELECT 1 -- of two\n ; /* then */ SELECT /* the */ 2 ;\n-- end\n", 10)

    assert (first.sql, first.line) == ("SELECT 1", 12)
    assert (second.sql, second.line) == ("SELECT /* the */ 2", 13)


def test_the_line_of_a_token_is_its_own() -> None:
    (one,) = statements("SELECT\n 1,\n two", 5)

    assert [one.line_of(token) for token in one.tokens] == [5, 6, 6, 7]


WRONG = {
    "SELECT 'open; SELECT 2": (1, "a ' is never closed; close it"),
    'SELECT 1;\nSELECT "open': (2, 'a " is never closed; close it'),
    "SELECT 1 /* a /* b */ c": (1, "a comment /* is never closed; close it"),
    "SELECT\n$x$ a $y$": (2, "a $x$ is never closed; close it"),
    "SELECT (1;\nSELECT 2)": (1, "a ( is never closed; close it"),
    "SELECT 1)": (1, "a ) closes nothing; remove it"),
    "SELECT a[1)": (1, "a ) closes nothing; remove it"),
    "\n\n\\d": (3, "a backslash outside of quotes is a psql command that the server does not know; remove it"),
    "SELECT\0": (1, "it contains a NUL character; remove it"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_not_made_of_statements_is_refused_with_its_line(text: str) -> None:
    line, sentence = WRONG[text]

    with pytest.raises(SqlFault) as refused:
        statements(text)

    assert (refused.value.line, refused.value.sentence) == (line, sentence)


def test_a_backslash_means_something_only_in_a_text_that_says_so() -> None:
    assert [one.sql for one in statements("SELECT '\\'; SELECT E'\\'; SELECT 3'")] == [
        "SELECT '\\'",
        "SELECT E'\\'; SELECT 3'",
    ]


@pytest.mark.parametrize(
    ("sql", "keywords"),
    [
        ("COMMIT", ["COMMIT"]),
        ("commit AS", ["COMMIT", "AS"]),
        ("SELECT t.commit", ["SELECT", "T", "", ""]),
        ("SELECT 1 AS commit", ["SELECT", "1", "AS", ""]),
        ("SELECT a commit", ["SELECT", "A", "COMMIT"]),
        ("SELECT 'commit', \"commit\"", ["SELECT", "", "", ""]),
    ],
)
def test_a_word_is_a_keyword_unless_what_stands_before_it_makes_it_a_name(sql: str, keywords: list[str]) -> None:
    (statement,) = statements(sql)
    assert statement.keywords == keywords
    assert (statement.keyword(-1), statement.keyword(len(keywords))) == ("", "")


def test_a_character_is_asked_for_by_its_place() -> None:
    (statement,) = statements("(SELECT ',')")
    assert [statement.has(number, "(") for number in range(-1, 5)] == [False, True, False, False, False, False]
    assert [statement.has(number, ",)") for number in range(5)] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("SELECT )\n\n", 1),
        ("\nSELECT )\n", 2),
        ("\n\n)", 3),
        ("SELECT 1;\nSELECT (\n1\n", 2),
        ("\n(\n(\n", 3),
        ("\n'\n", 2),
    ],
)
def test_what_is_wrong_is_told_with_its_line(sql: str, line: int) -> None:
    for first in (1, 10):
        with pytest.raises(SqlFault) as caught:
            statements(sql, first)
        assert caught.value.line == line + first - 1
        assert str(caught.value) == caught.value.sentence
