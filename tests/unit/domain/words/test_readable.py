"""Where nothing renders a report, it is read all the same: aligned, without marks, and with code as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import Markup, code_block, code_span, on_one_line, plain_text
from dbops.domain.words.readable import readable

_ODD = st.text("ab|`*<>[]\\ \n-#_&", max_size=30)
_ROWS = st.lists(st.lists(_ODD, min_size=3, max_size=3), max_size=4)


def test_a_table_is_aligned_and_its_head_underlined() -> None:
    table = markdown_table(("table", "rows", "differs"), [("a.b", "5,000", Markup("**2 more**")), ("a.long", "7", "")])

    assert readable(f"## Of shop\n\n{table}\n\nThe end.").split("\n") == [
        "## Of shop",
        "",
        "table   rows   differs",
        "------  -----  -------",
        "a.b     5,000  2 more",
        "a.long  7",
        "",
        "The end.",
    ]


def test_facts_have_no_head() -> None:
    assert readable(markdown_table(("", ""), [("Backup", "x"), ("Is", "y")])) == "Backup  x\nIs      y"


def test_a_long_cell_moves_only_what_is_behind_it_in_its_own_line() -> None:
    table = markdown_table(("a", "b"), [("x" * 60, "1"), ("y", "2")])

    assert readable(table).split("\n")[2:] == ["x" * 60 + "  1", "y  2"]


def test_marks_and_escapes_are_gone_and_code_is_as_it_was() -> None:
    said = f"- **{plain_text('a*b <c> [d] `e` & f')}**: {code_span('x ** y < z')} and {code_span('a`b')}"

    assert readable(said) == "- a*b <c> [d] `e` & f: `x ** y < z` and ``a`b``"


def test_what_is_to_be_pasted_is_not_touched() -> None:
    block = code_block("| a | b |\n| --- |\nSELECT '**' \\< `x`;\n```\n| c |", "sql")

    assert readable(f"**Do**\n\n{block}\n\n**x**") == f"Do\n\n{block}\n\nx"


@given(_ODD)
def test_whatever_code_has_in_it_it_stays_to_the_byte(text: str) -> None:
    block = code_block(text, "sql")

    assert readable(f"**a**\n\n{block}\n\n**b**") == f"a\n\n{block}\n\nb"


@given(_ODD)
def test_a_text_that_was_escaped_reads_as_it_was_written(text: str) -> None:
    assert readable(f"It is {plain_text(text)}.") == f"It is {on_one_line(text)}."


@given(_ROWS)
def test_every_cell_reads_as_it_was_written_wherever_it_stands(rows: list[list[str]]) -> None:
    table = markdown_table(("a", "b", "c"), [[plain_text(text) for text in row] for row in rows])

    told = readable(table).split("\n")[2:]

    assert len(told) == len(rows)
    for line, row in zip(told, rows, strict=True):
        at = 0
        for text in map(on_one_line, row):
            assert text in line[at:]
            at = line.index(text, at) + len(text)


@given(st.text(max_size=80) | _ODD)
def test_nothing_that_is_no_markdown_of_ours_raises(text: str) -> None:
    assert readable(text).count("\n") <= text.count("\n")
