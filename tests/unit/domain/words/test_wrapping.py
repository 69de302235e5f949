"""Promise: a mail's lines are short, nothing of it is lost, and a command that stands in it can be pasted."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.words.wrapping import wrapped

TEXTS = st.text("abcé-. \n`", max_size=60)


def test_a_command_between_backticks_is_broken_nowhere() -> None:
    command = '`python -m dbops hold shop 20261121T020000Z --reason "before"`.'
    assert wrapped(f"Hold it where something may come back: {command} Then look.", 40) == (
        f"Hold it where something may come back:\n{command}\nThen look."
    )


def test_what_fits_stays_on_one_line_and_what_was_a_line_stays_one() -> None:
    assert wrapped("one two three\nfour", 9) == "one two\nthree\nfour"
    assert wrapped("one two three\nfour", 7) == "one two\nthree\nfour"
    assert wrapped("one two three\nfour", 6) == "one\ntwo\nthree\nfour"
    assert wrapped("a\nb\n\nc", 9) == "a\nb\n\nc"
    assert wrapped("", 9) == ""


@given(TEXTS, st.integers(1, 30))
def test_nothing_is_lost_and_only_a_single_word_is_longer(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert lines.split() == text.split()
    for line in lines.split("\n"):
        assert len(line) <= width or " " not in re.sub("`[^`]*`", "", line)
