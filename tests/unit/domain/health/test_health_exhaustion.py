"""Ages of ids in the health panel, in numbers that people read."""

from __future__ import annotations

import pytest

from dbops.domain.health.exhaustion import ages
from dbops.domain.schema.exhaustion import TransactionIds


def ids(age: int, multixact_age: int, *, freeze_at: int = 200_000_000) -> TransactionIds:
    return TransactionIds(
        database="shop",
        age=age,
        multixact_age=multixact_age,
        freeze_at=freeze_at,
        multixact_freeze_at=400_000_000,
        oldest_table="public.item",
        oldest_multixact_table="",
    )


@pytest.mark.parametrize(
    ("measured", "value"),
    [
        (ids(761, 0), "oldest 761, of multixacts 0; old from 500 million on"),
        (ids(48_213, 1), "oldest 48,213, of multixacts 1; old from 500 million on"),
        (ids(999_999, 1_000_000), "oldest 999,999, of multixacts 1 million; old from 500 million on"),
        (ids(12_340_000, 5), "oldest 12.3 million, of multixacts 5; old from 500 million on"),
        (
            ids(700_000_000, 5, freeze_at=1_000_000_000),
            "oldest 700 million, of multixacts 5; old from 1,250 million on, multixacts from 500 million on",
        ),
    ],
)
def test_an_age_is_a_number_that_people_read(measured: TransactionIds, value: str) -> None:
    item = ages(measured)
    assert item.value == value
    assert item.status == "ok"


def test_one_that_is_old_is_told_with_what_to_do() -> None:
    item = ages(ids(612_345_678, 3))
    assert item.status == "warning"
    assert item.value == "oldest 612.3 million, of multixacts 3"
    assert item.sql == "VACUUM (FREEZE, VERBOSE) public.item;"
