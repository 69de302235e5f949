"""What a yes does is read back as it was written; and whatever lies in the bucket, it poses as nothing else."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.words.stake import UNREADABLE, read_stake, stake_markdown, stake_of, stake_to_json

_FACTS = st.lists(st.tuples(st.text(max_size=30), st.text(max_size=600)), max_size=20)
_ODD = st.lists(
    st.tuples(st.text("ab|`*<>[]\\ \n-#", max_size=15), st.text("ab|`*<>[]\\ \n-#", max_size=30)), max_size=5
)


@given(_FACTS)
def test_it_is_read_back_as_it_was_written(facts: list[tuple[str, str]]) -> None:
    stake = stake_of(facts)

    assert read_stake(stake_to_json(stake)) == stake


@given(_FACTS)
def test_whatever_it_is_made_of_it_is_short_and_each_fact_on_one_line(facts: list[tuple[str, str]]) -> None:
    stake = stake_of(facts)

    assert len(stake) <= 12
    for label, value in stake:
        assert 0 < len(label) <= 14
        assert 0 < len(value) <= 400
        assert (label + value).isprintable()


@given(_FACTS)
def test_what_somebody_has_written_into_the_bucket_is_no_longer_than_ours(facts: list[tuple[str, str]]) -> None:
    assert read_stake(json.dumps(facts).encode()) == stake_of(facts)


@given(
    st.binary(max_size=40)
    | st.recursive(st.none() | st.text(max_size=5), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_what_cannot_be_read_is_said_to_be_and_nothing_is_raised(body: bytes) -> None:
    stake = read_stake(body)

    assert stake == UNREADABLE or all(len(fact) == 2 for fact in stake)
    assert read_stake(b"\x80{") == read_stake(b'{"a": 1}') == read_stake(b'[["a"]]') == UNREADABLE


@given(_ODD)
def test_in_a_plan_each_fact_is_a_row_of_one_table_whatever_its_words(facts: list[tuple[str, str]]) -> None:
    stake = stake_of(facts)

    parts = stake_markdown(stake)

    if not stake:
        assert parts == []
        return
    heading, table = parts
    assert heading == "### In short"
    lines = table.split("\n")
    assert len(lines) == len(stake) + 2
    assert all(line.startswith("| ") and line.endswith(" |") for line in lines)
    assert not any(mark in table.replace(f"\\{mark}", "") for mark in "`*<>[]")


def test_what_has_no_words_is_left_out() -> None:
    assert stake_of([("a", ""), ("", "b"), (" ", "c"), ("d", "e")]) == (("d", "e"),)
