"""Promise: a name or a sentence of somebody else's is shown in Markdown, and never obeyed."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import Markup, code_block, code_span, plain_text, prose

HOSTILE = st.text("ab|`*<>[]&\\ \n\r\t\x0b\u2028", max_size=20)
# To CommonMark a backslash in code is itself, and only as many backticks as have begun it end it.
ESCAPED_OR_CODE = re.compile(r"\\.|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")


def unescaped_pipes(line: str) -> int:
    return len(re.sub(r"\\.", "", line).split("|")) - 1


@given(HOSTILE)
def test_a_text_begins_no_markup_and_ends_no_line(text: str) -> None:
    shown = plain_text(text)

    assert len(shown.splitlines()) <= 1
    assert not set(re.sub(r"\\.", "", shown)) & set("`*<>[]&")
    assert re.sub(r"\\(.)", r"\1", shown) == " ".join(text.split())


def test_in_prose_what_stands_between_backticks_is_code() -> None:
    assert prose("Run `a | b <c>` and *wait*.") == "Run `a | b <c>` and \\*wait\\*."
    assert prose("One ` alone.") == "One \\` alone."
    assert prose("`a` and `*b*` and *c*") == "`a` and `*b*` and \\*c\\*"
    assert prose("a `` *b*") == plain_text("a `` *b*")
    assert prose("`a` b ` ` *c*") == plain_text("`a` b ` ` *c*")
    assert prose("a ` ` *b* `c`") == plain_text("a ` ` *b* `c`")


@given(HOSTILE)
@example("`\\``<`")
@example("`\\`a`<`")
def test_prose_begins_no_other_markup_and_ends_no_line(text: str) -> None:
    shown = prose(text)

    assert len(shown.splitlines()) <= 1
    assert not set(ESCAPED_OR_CODE.sub("", shown)) & set("`*<>[]&")


@given(st.text("a`|\n ", max_size=12).filter(str.strip))
def test_backticks_inside_code_do_not_end_it(text: str) -> None:
    shown = code_span(text)

    fence = re.match("`+", shown)
    assert fence is not None
    inner = shown.removeprefix(fence[0]).removesuffix(fence[0])
    assert fence[0] not in re.findall("`+", inner)
    assert inner.strip() == " ".join(text.split()).strip()
    assert len(shown.splitlines()) == 1


@given(st.text("a`\n~", max_size=30))
def test_no_line_inside_a_block_of_code_ends_it(text: str) -> None:
    first, *inner, last = code_block(text, "sql").split("\n")

    assert first == f"{last}sql"
    assert re.fullmatch("`{3,}", last)
    assert "\n".join(inner) == text
    assert all(not line.strip().startswith(last) for line in inner)


@given(st.lists(st.tuples(HOSTILE, HOSTILE.map(plain_text), st.text("a|` ", min_size=1).map(code_span))))
def test_no_cell_breaks_its_table(rows: list[tuple[str, str, str]]) -> None:
    lines = markdown_table(("one", "two", "three"), rows).split("\n")

    assert len(lines) == 2 + len(rows)
    assert [unescaped_pipes(line) for line in lines] == [4] * len(lines)


@given(st.text("a\x1b\x07\x9b\u202e\n ", max_size=20))
def test_nothing_that_is_shown_steers_a_terminal_or_turns_a_line(text: str) -> None:
    cell = markdown_table(("one",), [(text,)])
    for shown in (plain_text(text), prose(text), code_span(text), code_block(text), cell):
        assert all(line.isprintable() for line in shown.split("\n"))


def test_a_table_has_its_head_a_rule_and_a_line_for_each_row() -> None:
    assert markdown_table(("a", "b"), [("1", "x\\y | z"), ("2", "")]) == (
        "| a | b |\n| --- | --- |\n| 1 | x\\\\y \\| z |\n| 2 |  |"
    )


def test_code_has_a_fence_of_three_and_of_one_where_nothing_in_it_needs_more() -> None:
    assert code_block("SELECT 1;") == "```\nSELECT 1;\n```"
    assert code_block("a ``` b", "sql") == "````sql\na ``` b\n````"
    assert code_span("a  b") == "`a b`"
    assert code_span("a ` b") == "``a ` b``"
    assert (code_span("`a"), code_span("a`")) == ("`` `a ``", "`` a` ``")


def test_a_cell_that_is_markup_stays_so() -> None:
    assert markdown_table(("a",), [(Markup("**b|c**"),)]).splitlines()[2] == "| **b\\|c** |"
    assert markdown_table(("a",), [(plain_text("*b*"),)]).splitlines()[2] == "| \\*b\\* |"
