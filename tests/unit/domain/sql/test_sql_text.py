"""What is put in parentheses inside a statement of ours stays inside of them."""

from __future__ import annotations

import pytest

from dbops.domain.sql.text import literal, objection, tokens

FINE = [
    '"wordCount" >= 0',
    "a = 'it''s; fine' -- and ; so is this (",
    """E'\\'; ' <> a""",
    """e'\\\\' || '(' <> a""",
    '"a;b(" > 1',
    "a ~ $$;('$$ AND b ~ $x$ $$ ; $x$",
    "tags[1] = (array['x'])[1]",
    "x $ y",
    "name = 'E' AND type_e'x' = 1",
    "a = $—$; ' $—$ AND b = $٣$ ' $٣$",
    "(\n-- half (\n1)",
]

REFUSED = {
    "true; DROP TABLE a": "semicolon",
    "true) OR (true": "closes nothing",
    "(true": "never closed",
    "f(a]": "closes nothing",
    "a = 'open": "never closed",
    'a = "open': "never closed",
    "a = 'open /* ; DROP TABLE a */": "never closed",
    "a = E'open\\'": "never closed",
    "true /* a comment": "comment",
    "a /* x */": "comment",
    "true) -- (": "closes nothing",
    "": "empty",
    " \n -- nothing": "empty",
    "true -- \r; DROP TABLE a": "semicolon",
    "a\0": "NUL",
    # to the server a dash is a letter, which ends no name and may begin one
    "a AS —$x$; DROP TABLE a --$x$": "semicolon",
    "a = $—$ ' $—$; DROP TABLE a --'": "semicolon",
    "—E'\\'; DROP TABLE a --'": "semicolon",
    "a\u00a0$x$; DROP TABLE a --$x$": "semicolon",
    "'\\'; DROP TABLE a --'": "semicolon",
}


@pytest.mark.parametrize("text", FINE)
def test_one_expression_is_fine(text: str) -> None:
    assert objection(text) == ""


@pytest.mark.parametrize("text", REFUSED)
def test_what_could_end_the_statement_is_refused(text: str) -> None:
    assert REFUSED[text] in objection(text)


def test_an_unclosed_dollar_quote_hides_nothing() -> None:
    assert "semicolon" in objection("$x$ ; DROP TABLE a")


def test_a_text_is_quoted() -> None:
    assert literal("it's") == "'it''s'"


@pytest.mark.parametrize(("text", "inner"), [("$$a$$", "a"), ("$x$ $$ $x$", " $$ "), ("$$$$", "")])
def test_what_is_between_dollar_quotes_is_told_without_them(text: str, inner: str) -> None:
    (token,) = tokens(text)
    assert (token.kind, token.quoted) == ("dollar", inner)
