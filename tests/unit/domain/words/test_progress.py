"""Promises of the progress line: what is done, how fast, and an estimate only where it is more than a guess."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dbops.domain.words.progress import LoadProgress, Progress

HALF = Progress(
    tables_done=3,
    tables=9,
    bytes_read=20 * 1024**2,
    bytes_uploaded=10 * 1024**2,
    elapsed=timedelta(seconds=60),
    fraction=0.5,
    spooled=12 * 1024**2,
    paused=False,
)


def test_a_line_says_tables_bytes_rate_and_what_is_left() -> None:
    expected = "3/9 tables, 20.0 MiB read, 10.0 MiB uploaded at 170.7 KiB/s, about 1m left"
    assert HALF.sentence() == expected


def test_a_pause_is_said_with_what_waits() -> None:
    assert replace(HALF, paused=True).sentence().endswith("pg_dump waits for the store (12.0 MiB spooled)")


@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.02, 1.0])
def test_there_is_no_estimate_at_the_beginning_and_at_the_end(fraction: float) -> None:
    assert replace(HALF, fraction=fraction).remaining is None


def test_what_is_left_follows_the_pace_so_far() -> None:
    assert replace(HALF, fraction=0.25).remaining == timedelta(seconds=180)


def test_a_moment_that_took_no_time_has_a_pace_all_the_same() -> None:
    assert "10.0 GiB/s" in replace(HALF, elapsed=timedelta(0), bytes_uploaded=10 * 1024**3 // 1000).sentence()


@pytest.mark.parametrize("fraction", [0.021, 0.99])
def test_between_the_beginning_and_the_end_there_is_an_estimate(fraction: float) -> None:
    remaining = replace(HALF, fraction=fraction).remaining
    assert remaining is not None
    assert remaining.total_seconds() == pytest.approx(60 / fraction - 60)


LOADED = LoadProgress(
    files_done=3, files=9, bytes_loaded=10 * 1024**2, bytes=40 * 1024**2, elapsed=timedelta(seconds=60)
)


def test_a_load_says_files_bytes_rate_and_what_is_left() -> None:
    assert LOADED.sentence() == ("3/9 files, 10.0 MiB of 40.0 MiB loaded, 170.7 KiB/s, about 3m left, without indexes")


def test_a_load_says_nothing_of_what_is_left_before_it_has_begun_and_what_follows_at_its_end() -> None:
    assert "10.0 GiB/s" in replace(LOADED, elapsed=timedelta(0), bytes_loaded=10 * 1024**3 // 1000).sentence()
    assert replace(LOADED, bytes_loaded=0).sentence() == "3/9 files, 0 B of 40.0 MiB loaded, 0 B/s"
    done = replace(LOADED, bytes_loaded=LOADED.bytes).sentence()
    assert done.endswith("KiB/s, indexes and constraints follow")
    assert replace(LOADED, bytes_loaded=0, bytes=0).sentence().endswith("indexes and constraints follow")
