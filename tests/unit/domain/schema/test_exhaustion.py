"""Promises about numbers that run out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.exhaustion import SequenceUse, TransactionIds, exhaustion

YOUNG = TransactionIds(
    database="shop", age=190_000_000, multixact_age=5, freeze_at=200_000_000, multixact_freeze_at=400_000_000
)
INT4, INT8 = 2**31 - 1, 2**63 - 1


def sequence(last: int | None, **more: Any) -> SequenceUse:
    return SequenceUse(
        **{"schema": "public", "name": "s", "increment": 1, "lowest": 1, "highest": INT8, "last_value": last, **more}
    )


def filling(column_type: str) -> dict[str, str]:
    return {"table_schema": "public", "table_name": "orders", "column_name": "id", "column_type": column_type}


@pytest.mark.parametrize(
    ("one", "severity"),
    [
        (sequence(None), None),
        (sequence(10**9), None),
        (sequence(10**9, **filling("int8")), None),
        (sequence(int(INT4 * 0.7), **filling("int4")), None),
        (sequence(int(INT4 * 0.8), **filling("int4")), "warning"),
        (sequence(int(INT4 * 0.95), **filling("int4")), "error"),
        (sequence(31_000, **filling("int2")), "error"),
        (sequence(74, lowest=0, highest=100), None),
        (sequence(75, lowest=0, highest=100), "warning"),
        (sequence(80, highest=100), "warning"),
        (sequence(90, lowest=0, highest=100), "error"),
        (sequence(-30_000, increment=-1, lowest=-(2**63), highest=-1, **filling("int2")), "error"),
        (sequence(100, highest=100), "error"),
        (sequence(-95, increment=-1, lowest=-100, highest=-1), "error"),
        (sequence(-10, increment=-1, lowest=-100, highest=-1), None),
        (sequence(5, lowest=-(2**63)), None),
    ],
)
def test_a_sequence_is_near_its_end_by_what_it_and_its_column_can_hold(one: SequenceUse, severity: str | None) -> None:
    told = exhaustion([one], YOUNG, CheckOptions())
    assert [result.severity for result in told] == ([severity] if severity else [])


def test_the_sentence_names_what_ends_first() -> None:
    (column,) = exhaustion([sequence(INT4 - 5, **filling("int4"))], YOUNG, CheckOptions())
    assert column.sentence == (
        "the integer column public.orders.id, which the sequence public.s fills, has used 99 % of its numbers; "
        "inserts fail at the end: plan the way to bigint now"
    )
    (own,) = exhaustion([sequence(95, highest=100, **filling("int4"))], YOUNG, CheckOptions())
    assert own.sentence.startswith("the sequence public.s, which fills public.orders.id, has used 94 %")
    assert own.subject == "public.s"
    both = sequence(INT4, highest=INT4, **filling("int4"))  # a column and its sequence that end together
    assert both.what_ends().startswith("the sequence public.s, which fills")


def test_of_a_sequence_that_counts_down_the_lowest_number_is_the_end() -> None:
    down = {"increment": -1, "highest": -1}
    wide, same, narrow = -(2**63), -(2**15), -100
    for lowest, first in ((wide, "the smallint column"), (same, "the sequence"), (narrow, "the sequence")):
        assert sequence(-90, lowest=lowest, **down, **filling("int2")).what_ends().startswith(first)
    for lowest, used in ((wide, 1.0), (-(2**15) - 1, 1.0)):
        assert sequence(-(2**15), lowest=lowest, **down, **filling("int2")).used == pytest.approx(used, abs=1e-9)


def test_every_sequence_that_is_near_its_end_is_told_by_name() -> None:
    near = [
        sequence(95, highest=100, name=name, schema=schema) for schema, name in (("b", "y"), ("b", "x"), ("a", "z"))
    ]
    assert [told.subject for told in exhaustion(near, YOUNG, CheckOptions())] == ["a.z", "b.x", "b.y"]


def test_a_sequence_that_fills_several_columns_is_told_of_once_by_the_smallest() -> None:
    uses = [sequence(32_000, **filling("int8")), sequence(32_000, **filling("int2"))]
    (told,) = exhaustion(uses, YOUNG, CheckOptions())
    assert "smallint column" in told.sentence


@pytest.mark.parametrize(
    ("age", "freeze_at", "severity"),
    [
        (200_000_000, 200_000_000, None),
        (600_000_000, 200_000_000, "warning"),
        (1_100_000_000, 200_000_000, "error"),
        (1_100_000_000, 1_000_000_000, None),
        (1_300_000_000, 1_000_000_000, "warning"),
        (1_600_000_000, 1_000_000_000, "error"),
    ],
)
def test_transaction_ids_are_old_when_vacuum_does_not_keep_up(age: int, freeze_at: int, severity: str | None) -> None:
    ids = TransactionIds(
        database="shop", age=age, multixact_age=0, freeze_at=freeze_at, multixact_freeze_at=400_000_000,
        oldest_table='public."User"',
    )  # fmt: skip
    told = exhaustion([], ids, CheckOptions())
    assert [result.severity for result in told] == ([severity] if severity else [])
    assert all(result.sql == 'VACUUM (FREEZE, VERBOSE) public."User";' for result in told)


def test_multixact_ids_grow_old_too_and_where_nobody_knows_the_table_no_statement_is_given() -> None:
    ids = replace(YOUNG, multixact_age=600_000_000)
    (told,) = exhaustion([], ids, CheckOptions())
    assert (told.rule_id, told.subject, told.severity, told.sql) == (
        "transaction_id_age:shop (multixact id)", "shop (multixact id)", "warning", "",
    )  # fmt: skip
    assert told.sentence.startswith("the oldest multixact id of shop is 600 million old, and at 2,100 million")
    both = exhaustion([], replace(ids, age=1_000_000_000, oldest_table="t"), CheckOptions())
    assert [(one.subject, one.severity) for one in both] == [
        ("shop (transaction id)", "error"),
        ("shop (multixact id)", "warning"),
    ]


@pytest.mark.parametrize(("age", "freeze_at"), [(500_000_000, 200_000_000), (1_250_000_000, 1_000_000_000)])
def test_ids_are_old_from_a_moment_on(age: int, freeze_at: int) -> None:
    ids = replace(YOUNG, freeze_at=freeze_at)
    assert exhaustion([], replace(ids, age=age - 1), CheckOptions()) == []
    assert exhaustion([], replace(ids, age=age), CheckOptions()) != []


def test_the_target_has_the_last_word_on_how_bad_it_is() -> None:
    ignored = CheckOptions(severity={"sequence_near_end": "ignore"})
    assert exhaustion([sequence(100, highest=100)], YOUNG, ignored) == []
