"""Promise: what a swap that does not take place has loaded is left only once its run is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dbops.domain.restores.hold import held_for
from dbops.domain.restores.left_copy import left_copies, may_be_left, way_on
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.words.ended import Ended
from tests.unit.restores import BACKUP, RESTORED, record
from tests.unit.samples import DAY, NOW

REJECTED = Ended(word="rejected", why="bob said no: not today", when=NOW, by="bob")
SECOND = timedelta(seconds=1)


def verified(**changed: Any) -> RestoreRecord:
    return record(**{"state": RestoreState.VERIFIED, "oid": 222, **changed})


def left(*dated: tuple[datetime, RestoreRecord], now: datetime = NOW) -> list[tuple[str, datetime]]:
    return [(each.database, each.since) for each in left_copies(dated, DAY, now)]


@pytest.mark.parametrize(
    ("told", "may"),
    [
        ({}, True),
        ({"state": RestoreState.FAILED}, True),
        ({"state": RestoreState.LOADING}, True),
        ({"state": RestoreState.PLANNED}, False),
        ({"state": RestoreState.SWAPPED}, False),
        ({"request": RestoreRequest(mode="beside", backup_id=BACKUP)}, False),
        ({"database": "billing"}, False),
        ({"copy_gone": NOW}, False),
    ],
    ids=str,
)
def test_only_what_was_loaded_for_a_swap_may_be_left_and_only_under_the_name_that_a_restore_gives(
    told: dict[str, Any], may: bool
) -> None:
    assert may_be_left(verified(**told)) is may


def test_a_rejected_one_is_left_from_that_moment_on() -> None:
    assert left((NOW, verified(ended=REJECTED))) == [(RESTORED, NOW)]
    assert left((NOW, verified(ended=REJECTED)), now=NOW - SECOND) == []


def test_one_that_failed_its_verification_is_left_at_once() -> None:
    assert left((NOW - DAY, verified(state=RestoreState.FAILED))) == [(RESTORED, NOW - DAY)]


@pytest.mark.parametrize("state", [RestoreState.LOADING, RestoreState.LOADED, RestoreState.VERIFIED])
def test_a_run_that_says_nothing_goes_on_as_long_as_it_holds_its_backup(state: RestoreState) -> None:
    written, over = NOW - 30 * DAY, NOW - 30 * DAY + held_for(DAY)

    assert left((written, verified(state=state)), now=over - SECOND) == []
    assert left((written, verified(state=state)), now=over) == [(RESTORED, over)]


def test_what_another_run_goes_on_with_is_not_left() -> None:
    earlier, other = verified(ended=REJECTED), verified(run="manual__2", planned=NOW + SECOND)

    assert left((NOW, earlier), (NOW, other)) == []
    assert left((NOW, earlier), (NOW, other.at(RestoreState.SWAPPED)), now=NOW - SECOND) == []


def test_what_two_runs_have_given_up_is_told_of_once_by_the_later_one() -> None:
    later = Ended(word="rejected", why="bob said no again", when=NOW + DAY)
    records = verified(ended=REJECTED), verified(run="manual__2", planned=NOW + SECOND, ended=later)

    [found] = left_copies(((NOW, each) for each in records), DAY, NOW + DAY)

    assert (found.newest.run, found.since) == ("manual__2", NOW + DAY)
    assert [each.run for each in found.to_be_noted] == ["manual__1"], "only of that one is it the name"


@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_of_two_runs_is_the_one_that_was_planned_last_in_whatever_order_they_are_found(
    turned: bool,
) -> None:
    records = [verified(run=f"manual__{number}", planned=NOW + number * SECOND, ended=REJECTED) for number in range(3)]
    named = [(NOW, record) for record in (reversed(records) if turned else records)]

    [found] = left_copies(named, DAY, NOW)

    assert [each.run for each in found.records] == ["manual__0", "manual__1", "manual__2"]
    assert found.newest.run == "manual__2"


def test_a_run_that_was_asked_for_beside_the_live_database_neither_is_left_nor_keeps_another_ones_from_being_so() -> (
    None
):
    beside = verified(run="manual__2", request=RestoreRequest(mode="beside", backup_id=BACKUP))

    assert left((NOW - 30 * DAY, beside)) == []
    assert left((NOW, verified(ended=REJECTED)), (NOW, beside)) == [(RESTORED, NOW)]


def test_one_that_was_swapped_in_has_said_its_end_when_that_was_written() -> None:
    earlier = verified(ended=REJECTED)
    swapped = verified(run="manual__2", state=RestoreState.SWAPPED)

    assert left((NOW, earlier), (NOW + DAY, swapped), now=NOW + DAY - SECOND) == []
    assert left((NOW, earlier), (NOW + DAY, swapped), now=NOW + DAY) == [(RESTORED, NOW + DAY)]


def test_whoever_reads_of_it_is_told_its_name_its_size_and_every_way_on() -> None:
    told = way_on(verified(loaded_bytes=3 * 2**30))

    assert told == (
        f"The restored copy stays on the server: {RESTORED}, 3.0 GiB. If nobody wants it, drop it "
        f'(DROP DATABASE "{RESTORED}";). If you still want the swap, start a new run in mode swap with loaded: '
        f"{RESTORED}, which loads nothing again; or put the copy into place by hand "
        "(docs/runbooks/restore-by-hand.md, step 9)."
    )


def test_a_size_that_nobody_may_ask_for_is_not_told() -> None:
    assert f"{RESTORED}. If" in way_on(verified())


def test_only_what_was_verified_can_be_swapped_in_by_a_run_that_loads_nothing() -> None:
    again = f"in mode swap with loaded: {RESTORED}, which loads nothing again"
    assert again in way_on(verified())
    assert "start a new run; or put the copy" in way_on(verified().at(RestoreState.LOADED))


def test_a_run_that_goes_a_step_further_has_not_ended() -> None:
    ended = verified(ended=REJECTED, copy_gone=NOW)

    assert ended.came_to == "rejected"
    further = ended.at(RestoreState.LOADING)
    assert (further.came_to, further.ended, further.copy_gone) == ("loading", None, None)
