"""Promise: a restore holds its backup until its end, and one that has died holds it for a time that ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.restores.hold import LONGEST_STEP, held_for, restore_hold
from dbops.domain.restores.record import RestoreState
from dbops.domain.restores.request import RestoreMode, RestoreRequest
from dbops.domain.words.ended import Ended
from tests.unit.restores import BACKUP, record
from tests.unit.samples import DAY, NOW

REJECTED = Ended(word="rejected", why="bob said no", when=NOW, by="bob")
ENDS: dict[RestoreMode, set[RestoreState]] = {
    "swap": {RestoreState.SWAPPED},
    "beside": {RestoreState.VERIFIED, RestoreState.SWAPPED},
    "into": {RestoreState.VERIFIED, RestoreState.SWAPPED},
    "schema": {RestoreState.VERIFIED, RestoreState.SWAPPED},
}


@pytest.mark.parametrize("state", RestoreState)
@pytest.mark.parametrize("mode", ENDS)
def test_every_state_but_the_last_holds(mode: RestoreMode, state: RestoreState) -> None:
    hold = restore_hold(record(state=state, request=RestoreRequest(mode=mode, backup_id=BACKUP)), NOW, DAY)

    assert (hold is None) == (state in ENDS[mode])
    if hold is not None:
        assert (hold.backup_id, hold.until) == (BACKUP, NOW + DAY + LONGEST_STEP)
        assert hold.sentence() == (
            "held until 2026-11-30 12:00 UTC by alice: its restore in the run manual__1 has not ended, but is " + state
        )


@pytest.mark.parametrize("state", RestoreState)
@pytest.mark.parametrize("mode", ENDS)
def test_one_that_ended_before_holds_only_what_another_run_may_swap_in(mode: RestoreMode, state: RestoreState) -> None:
    ended = record(state=state, request=RestoreRequest(mode=mode, backup_id=BACKUP), ended=REJECTED)
    hold = restore_hold(ended, NOW, DAY)

    assert (hold is not None) == (mode == "swap" and state is RestoreState.VERIFIED)
    if hold is not None:
        assert hold.until == NOW + LONGEST_STEP, "nobody is waited for"
        assert f"a new run may swap in {ended.database}" in hold.reason


@pytest.mark.parametrize("told", [{"ended": REJECTED}, {}], ids=["rejected", "waiting"])
def test_a_copy_that_is_gone_holds_nothing(told: dict[str, Any]) -> None:
    assert restore_hold(record(state=RestoreState.VERIFIED, copy_gone=NOW, **told), NOW, DAY) is None


def test_who_asked_for_it_need_not_be_known() -> None:
    hold = restore_hold(record(requested_by=None), NOW, DAY)

    assert hold is not None
    assert hold.by


@given(st.timedeltas(timedelta(0), timedelta.max))
def test_a_run_that_has_died_lets_its_backup_go(wait: timedelta) -> None:
    """However long people may take: a year and a week is the most."""
    assert LONGEST_STEP <= held_for(wait) <= 372 * DAY
