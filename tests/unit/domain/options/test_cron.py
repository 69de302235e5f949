"""What passes for a cron expression here, Airflow's scheduler can follow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.options.cron import PRESETS, check_cron, written_out

ITEMS = (
    *("*", "0", "1", "5", "7", "12", "23", "29", "30", "31", "59", "*/5"),
    *("1-5", "10-20/3", "5/15", "mon", "feb", "fri-mon", "L", "L5", "1#2", "mon-fri", "jan-mar", "60"),
    *("24", "32", "*/0", "x", "1-", "5-1", "1,2,3", "*/70", "sun#6"),
)


@given(st.lists(st.sampled_from(ITEMS), min_size=4, max_size=6).map(" ".join))
def test_whatever_is_accepted_has_a_next_time(expression: str) -> None:
    try:
        check_cron(expression)
    except ValueError:
        return
    assert croniter(expression, datetime(2026, 1, 1, tzinfo=UTC)).get_next(datetime) is not None


@pytest.mark.parametrize(
    "expression",
    [
        *("0 2 * * *", "*/15 * * * *", "30 1 * * mon-fri", "0 0 1,15 * *", "0 0 L * *", "0 3 * * sun#1", "5 4 29 2 *"),
        *("0 0 31 2 mon", "0 22 * jan-mar *", *PRESETS),
        *("*/1 */23 * * *", "*/59 2 * * *", "0 0 L 2 *", "0 3 * * sun#1,WED#3", "0 3 * * Mon,fri"),
        *("0 0 31 2/1 *", "0 0 31 4-6 *", "0 0 31 2,mar *", "0 0 29 2 *"),
    ],
)
def test_what_people_write_is_accepted(expression: str) -> None:
    assert check_cron(f" {expression} ") == expression


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("0 25 * * *", "field hour takes 0 to 23"),
        ("0 2 * *", "it has 4 fields"),
        ("0 0 2 * * *", "it has 6 fields"),
        ("", "it has 0 fields"),
        ("0 2 * * monday", "field day of week takes 0 to 7"),
        ("0 2 31 2,4 *", "no such day in these months"),
        ("*/0 2 * * *", "step that is not from 1"),
        ("0 22-3 * * *", "runs backwards"),
        ("0 2 ? * *", "field day of month cannot be read"),
        ("@dayly", 'Did you mean "@daily"?'),
        ("@now", f"the presets are {', '.join(PRESETS)}"),
        ("0 2 31 4-6/2 *", "no such day in these months"),
        ("0 2 31 feb *", "no such day in these months"),
        ("0 2 30 2 *", "no such day in these months"),
        ("0 3 1 * sun#1", "stands only beside * as day of month"),
    ],
)
def test_what_is_wrong_is_said_in_words(expression: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="is not a cron expression") as caught:
        check_cron(expression)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("expression", [*PRESETS, "0 2 * * *"])
def test_what_not_everybody_knows_is_written_out_and_all_else_is_left_as_it_is(expression: str) -> None:
    assert written_out(expression) == ("0 0 1 */3 *" if expression == "@quarterly" else expression)
    assert croniter.is_valid(written_out(expression))
