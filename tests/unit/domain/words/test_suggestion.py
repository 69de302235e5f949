"""A name nobody knows is answered with the one that was probably meant."""

from __future__ import annotations

import pytest

from dbops.domain.words.suggestion import closest, did_you_mean

KNOWN = ["retention", "recipients", "late_after", "production", "Summary"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("retension", "retention"),
        ("RETENTION", "retention"),
        ("late-after", "late_after"),
        ("prod", "production"),
        ("pro", "production"),
        ("pr", None),
        ("re", None),
        ("rec", "recipients"),
        ("summary", "Summary"),
        ("xyz", None),
        ("r", None),
        ("", None),
    ],
)
def test_the_nearest_known_name_is_found_and_nothing_far_fetched(word: str, meant: str | None) -> None:
    assert closest(word, KNOWN) == meant


def test_the_question_is_empty_where_there_is_no_guess() -> None:
    assert did_you_mean("retntion", KNOWN) == 'Did you mean "retention"?'
    assert did_you_mean("xyz", KNOWN) == ""
    assert did_you_mean("xyz", []) == ""
