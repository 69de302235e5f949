"""Moments and lengths are short to read, and exact for who asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dbops_airflow.page.words import age, at, lasting, sentence, when
from tests.unit.samples import NOW


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=119), "119 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(hours=26), "26 h ago"),
        (timedelta(days=2), "2 d ago"),
        (timedelta(days=59), "59 d ago"),
        (timedelta(days=70), "2 mo ago"),
        (timedelta(days=800), "2 y ago"),
        (-timedelta(seconds=3), "in a moment"),
        (-timedelta(hours=5), "in 5 h"),
    ],
)
def test_an_age_has_one_unit_and_hides_nothing_behind_a_larger_one(ago: timedelta, told: str) -> None:
    assert age(NOW - ago, NOW) == told


def test_a_moment_carries_its_exact_time_for_machines_and_for_who_rests_the_pointer_on_it() -> None:
    assert when(NOW - timedelta(hours=3), NOW) == (
        '<time datetime="2026-11-22T09:00:00+00:00" title="2026-11-22 09:00 UTC">3 h ago</time>'
    )
    assert at(NOW - timedelta(hours=3), NOW) == (
        '<time datetime="2026-11-22T09:00:00+00:00" title="3 h ago">2026-11-22 09:00</time>'
    )


def test_no_moment_is_said_to_be_none() -> None:
    assert "none" in when(None, NOW)
    assert at(None, NOW) == when(None, NOW)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.42, "0.4 s"),
        (41.6, "42 s"),
        (59.9, "1 min"),
        (200, "3 min 20 s"),
        (7200, "2 h"),
        (7500.0, "2 h 5 min"),
    ],
)
def test_a_length_is_told_to_two_units(seconds: float, told: str) -> None:
    assert lasting(seconds) == told
    assert lasting(timedelta(seconds=seconds)) == told


def test_what_stands_between_backticks_is_code_and_everything_is_escaped() -> None:
    assert sentence("Run `python -m dbops backup <b>` & wait.") == (
        "Run <code>python -m dbops backup &lt;b&gt;</code> &amp; wait."
    )


def test_a_backtick_that_is_left_over_belongs_to_the_text() -> None:
    assert sentence("a ` b `c` <i>") == "a ` b `c` &lt;i&gt;"
