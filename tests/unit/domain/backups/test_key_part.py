"""Promise: no two texts that somebody chose share a key, and none leaves its folder."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from dbops.domain.backups.key_part import key_part

CHOSEN = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=-_/.:0AF"), max_size=60)


@given(CHOSEN, CHOSEN, st.sampled_from(["", "-"]))
def test_texts_that_differ_differ_as_keys(one: str, other: str, keep: str) -> None:
    assume(one != other)

    assert key_part(one, keep) != key_part(other, keep)


@given(st.integers(150, 400), st.sampled_from(["a", "é", "="]))
def test_a_long_text_is_shortened_and_still_its_own(length: int, letter: str) -> None:
    one, other = letter * length, letter * (length - 1) + "b"

    assert len(key_part(one)) <= 166
    assert key_part(one) != key_part(other)


@given(CHOSEN)
def test_a_key_part_is_never_a_path(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_=-]*", key_part(text, "-"))
    assert "-" not in key_part(text)


def test_a_text_is_the_same_part_of_a_key_for_ever() -> None:
    """What was stored under it is looked for under it."""
    assert key_part("scheduled__2026-11-22T02:00:00+00:00") == "scheduled__2026=2D11=2D22T02=3A00=3A00=2B00=3A00"
    assert key_part("é/a-b", "-") == "=C3=A9=2Fa-b"
    assert key_part("a" * 160) == "a" * 160
    assert key_part("a" * 161) == f"{'a' * 100}==1668eb4fad53ba7b37b233bcb819f4a0c38ee2a6d03e204134edcc882bb56ae8"
