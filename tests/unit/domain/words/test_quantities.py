from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from dbops.domain.words.quantities import (
    Bytes,
    Duration,
    format_bytes,
    format_duration,
    format_ms,
    joined,
    listed,
    parse_bytes,
    parse_duration,
)


class Settings(BaseModel):
    wait: Duration
    size: Bytes = 0


@pytest.mark.parametrize(
    ("wait", "text"),
    [
        (timedelta(hours=26), "1d 2h"),
        (timedelta(0), "0s"),
        (timedelta(milliseconds=5), "0.005000s"),
        (timedelta(minutes=1, microseconds=1), "1m 0.000001s"),
    ],
)
def test_a_setting_is_shown_as_a_person_would_write_it_and_exactly(wait: timedelta, text: str) -> None:
    assert Settings(wait=wait).model_dump(mode="json")["wait"] == text
    assert parse_duration(text) == wait


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("26h", 93600),
        ("1d 12h", 129600),
        ("1d12h", 129600),
        (" 2 w ", 1209600),
        ("1.5h", 5400),
        ("0.25s", 0.25),
        ("0s", 0),
        ("1h 1h", 7200),
    ],
)
def test_a_duration_is_read_the_way_people_write_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value", ["", "h", "26", "26 hours", "-1h", "1h,2m", "1e3s", "٣h", 26, 1.5, None, True, ["1h"]]
)
def test_what_is_not_a_duration_is_refused_with_an_example_of_one(value: object) -> None:
    with pytest.raises(ValueError, match=r"as in 26h or 1d 12h"):
        parse_duration(value)


def test_a_duration_longer_than_any_is_refused_like_every_other_wrong_value() -> None:
    with pytest.raises(ValueError, match="longer than any"):
        Settings.model_validate({"wait": "999999999999w"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(), "0.0s"),
        (timedelta(milliseconds=4210), "4.2s"),
        (timedelta(seconds=59.99), "1m"),
        (timedelta(seconds=60), "1m"),
        (timedelta(seconds=200), "3m 20s"),
        (timedelta(hours=26), "1d 2h"),
        (timedelta(days=1, hours=2, minutes=3, seconds=4), "1d 2h"),
        (timedelta(days=400), "400d"),
        (timedelta(hours=-3), "-3h"),
    ],
)
def test_a_duration_is_written_the_way_people_say_it(value: timedelta, text: str) -> None:
    assert format_duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00 ms"),
        (0.154, "0.15 ms"),
        (0.6, "0.60 ms"),
        (0.996, "1.0 ms"),
        (3.21, "3.2 ms"),
        (9.6, "9.6 ms"),
        (9.96, "10 ms"),
        (42.4, "42 ms"),
        (140, "140 ms"),
        (999.4, "999 ms"),
        (999.6, "1.0 s"),
        (1234, "1.2 s"),
        (75_300, "75.3 s"),
    ],
)
def test_a_latency_is_written_as_precisely_as_matters(value: float, text: str) -> None:
    assert format_ms(value) == text


@given(st.timedeltas(timedelta(0), timedelta(days=99999)))
def test_a_duration_in_json_is_read_back_equal(value: timedelta) -> None:
    settings = Settings(wait=value)
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (4096, 4096),
        (0, 0),
        ("4096", 4096),
        ("1k", 1000),
        ("1KB", 1000),
        ("1KiB", 1024),
        ("256MiB", 256 * 1024**2),
        ("256 mib", 256 * 1024**2),
        ("1.5 GB", 1_500_000_000),
        ("5TiB", 5 * 1024**4),
        ("9007199254740993", 9007199254740993),
    ],
)
def test_a_byte_count_is_read_the_way_people_write_it(value: object, number: int) -> None:
    assert parse_bytes(value) == number


@pytest.mark.parametrize("value", ["", "MiB", "-1", "1.5.5M", "1 XB", "1e9", "٣k", -1, 1.5, None, True, []])
def test_what_is_not_a_byte_count_is_refused_with_an_example_of_one(value: object) -> None:
    with pytest.raises(ValueError, match=r"256MiB or 1\.5GB"):
        parse_bytes(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (52.1 * 1024**2, "52.1 MiB"),
        (3 * 1024**3, "3.0 GiB"),
        (5 * 1024**4, "5.0 TiB"),
        (5000 * 1024**4, "5000.0 TiB"),
    ],
)
def test_a_byte_count_is_written_in_the_largest_unit_that_fits(value: float, text: str) -> None:
    assert format_bytes(value) == text


@given(st.integers(0, 2**60))
def test_a_byte_count_as_a_number_stays_exactly_that(value: int) -> None:
    assert parse_bytes(value) == parse_bytes(str(value)) == value


@pytest.mark.parametrize(
    ("parts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_the_parts_of_a_sentence_are_joined_as_people_say_them(parts: list[str], text: str) -> None:
    assert joined(parts) == text


@pytest.mark.parametrize(("things", "text"), [("", ""), ("a", "a"), ("abc", "a, b, c"), ("abcd", "a, b, c and 1 more")])
def test_of_many_things_the_first_are_named_and_the_others_counted(things: str, text: str) -> None:
    assert listed(list(things), named=3) == text
