"""Promise: from an earlier run that is taken over which has loaded a whole database and proven it, by one run alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.restores.names import restore_names, strange_names
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.restores.taken_over import TakenOver
from dbops.domain.restores.taking_over import loaders, successor, take_from
from dbops.errors import InvalidRequest
from tests.unit.restores import BACKUP, BEFORE, RESTORED, record
from tests.unit.samples import NOW, verification

LATER = NOW + timedelta(hours=3)
TAKEN = TakenOver(run="first", loaded_by="first", planned=NOW, oid=222, verified=LATER, verify_seconds=1.0)


def loader(**changed: Any) -> RestoreRecord:
    """A run that has loaded and verified."""
    proof = verification(BACKUP, finished=LATER)
    return replace(record(run="first", state=RestoreState.VERIFIED, oid=222, verification=proof), **changed)


def taker(run: str = "second", taken: TakenOver = TAKEN, **changed: Any) -> RestoreRecord:
    """One that has taken that over."""
    request = RestoreRequest(mode="swap", backup_id=BACKUP, takes_over=taken)
    facts = {"run": run, "request": request, "state": RestoreState.ANALYZED, "oid": 222, "planned": LATER}
    return replace(loader(), **{**facts, "before": "shop__before_20261122_150000", "verification": None, **changed})


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_what_was_loaded_and_verified_is_taken_over(mode: Any) -> None:
    assert take_from(loader(request=RestoreRequest(mode=mode, backup_id=BACKUP))) == TAKEN


@pytest.mark.parametrize("state", [RestoreState.LOADING, RestoreState.ANALYZED])
def test_from_one_that_died_before_its_verdict_the_proof_before_that_is_taken_over(state: RestoreState) -> None:
    assert take_from(taker(state=state)) == replace(TAKEN, run="second")


def test_from_one_that_has_verified_it_again_its_own_proof_is_taken_over() -> None:
    again = verification(BACKUP, finished=LATER + timedelta(hours=1))

    taken = take_from(taker(state=RestoreState.VERIFIED, verification=again))

    assert taken == replace(TAKEN, run="second", verified=again.finished)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (loader(state=RestoreState.PLANNED), "has loaded nothing, so nothing can"),
        (loader(state=RestoreState.LOADING), "is loading, or died while loading"),
        (loader(state=RestoreState.LOADED), "has not verified what it has loaded"),
        (loader(state=RestoreState.ANALYZED), "has not verified what it has loaded"),
        (loader(state=RestoreState.FAILED), "is not what the backup holds"),
        (loader(state=RestoreState.SWAPPED), "has already swapped in what it loaded"),
        (loader(verification=None), "has not verified what it has loaded"),
        (loader(verification=verification(BACKUP, ok=False)), "has not verified what it has loaded"),
        (loader(oid=None), "has not verified what it has loaded"),
        (taker(state=RestoreState.PLANNED), "has only planned to take it over, so nothing can"),
        (taker(state=RestoreState.FAILED), "is not what the backup holds"),
        (taker(state=RestoreState.SWAPPED), "has already swapped in what it loaded"),
        (
            loader(request=RestoreRequest(mode="into", into="x")),
            "The run first has not restored a whole database beside the live one, so there is nothing to swap in.",
        ),
        (loader(request=RestoreRequest(mode="schema", schemas=("crm",))), "has not restored a whole database beside"),
        (loader(request=RestoreRequest(tables=("crm.orders",))), "has not restored a whole database beside"),
    ],
)
def test_from_any_other_nothing_is_taken_over(record: RestoreRecord, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        take_from(record)

    assert words in refused.value.what
    assert refused.value.remedy


def test_it_is_the_last_ones_who_has_taken_it_over_and_not_only_planned_to() -> None:
    first, second = loader(), taker()
    third = taker("third", replace(TAKEN, run="second"))
    planned = taker("planned", state=RestoreState.PLANNED)

    assert successor("first", [first, planned]) is None
    assert successor("first", [first, planned, second, third]) == second
    assert successor("second", [first, planned, second, third]) == third
    assert successor("third", [first, planned, second, third]) is None
    assert loaders(RESTORED, [first, planned]) == [first]
    assert loaders(RESTORED, [third, second, first, planned]) == [third]
    assert loaders("shop", [first]) == []
    assert loaders("x", [loader(database="x", request=RestoreRequest(mode="into", into="x"))]) == []


def test_what_is_taken_over_keeps_its_name_and_the_live_one_gets_that_of_the_new_run() -> None:
    names = restore_names(taker().request, "shop", LATER)

    assert (names.database, names.before) == (RESTORED, "shop__before_20261122_150000")
    assert names.before != BEFORE


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ""),
        ({"oid": 223}, "the oid is 223, not 222"),
        ({"oid": None}, "the oid is none, not 222"),
        ({"database": "shop__restore_20200101_000000"}, "the database to load is shop__restore_20200101_000000"),
        ({"request": replace(taker().request, mode="beside"), "before": None}, "the mode is beside, not swap"),
        ({"request": replace(taker().request, takes_over=replace(TAKEN, planned=LATER))}, "the database to load is"),
    ],
)
def test_a_record_that_takes_over_something_else_than_was_planned_is_strange(
    changed: dict[str, Any], words: str
) -> None:
    assert words in "; ".join(strange_names(taker(**changed), "shop"))
    assert bool(strange_names(taker(**changed), "shop")) is bool(words)


def test_what_is_taken_over_is_not_ours_to_drop() -> None:
    assert loader().is_own_database
    assert not taker().is_own_database
