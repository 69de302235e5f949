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


def test_of_several_that_are_as_near_it_is_the_first_by_name_whatever_their_order() -> None:
    for known in (["record", "recipients"], ["recipients", "record"]):
        assert closest("rec", known) == "recipients"
    for known in (["late_after", "late-after"], ["late-after", "late_after"]):
        assert closest("lete-after", known) == "late-after"


def test_the_question_is_empty_where_there_is_no_guess() -> None:
    assert did_you_mean("retntion", KNOWN) == 'Did you mean "retention"?'
    assert did_you_mean("xyz", KNOWN) == ""
    assert did_you_mean("xyz", []) == ""
