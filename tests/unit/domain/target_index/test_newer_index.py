"""Of two indexes the newer one stays, run by run; a clock that is wrong does not keep an index for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dbops.domain.target_index.newer import newer_index
from tests.unit.page_samples import HOUR, checks, index, probes
from tests.unit.restores import rehearsal
from tests.unit.samples import DAY, NOW

SECOND = timedelta(seconds=1)


def test_what_was_written_later_stays_and_the_built_one_where_both_were_at_once() -> None:
    built, present = index(unreadable=("built",)), index(unreadable=("present",))
    assert newer_index(built, present) == built
    assert newer_index(built, index(written=built.written + SECOND, unreadable=("later",))).unreadable == ("later",)
    assert newer_index(built, index(written=built.written - SECOND, unreadable=("old",))).unreadable == ("built",)


@pytest.mark.parametrize(("ahead", "stays"), [(HOUR, "present"), (HOUR + SECOND, "built")])
def test_an_index_of_more_than_an_hour_ahead_was_written_by_a_wrong_clock(ahead: timedelta, stays: str) -> None:
    built = index(unreadable=("built",))
    assert newer_index(built, index(written=built.written + ahead, unreadable=("present",))).unreadable == (stays,)


def test_each_run_is_the_newer_one_whoever_has_it() -> None:
    old, new = timedelta(minutes=20), timedelta(minutes=5)
    built = index(checks=checks(old), probes=probes(new))
    present = index(checks=checks(new), probes=probes(old))
    for one, other in ((built, present), (present, built)):
        kept = newer_index(one, other)
        assert (kept.checks, kept.probes) == (checks(new), probes(new))


def test_a_run_that_only_the_present_one_has_is_kept_while_it_may_be_too_new_to_have_been_read() -> None:
    bare = index(written=NOW, checks=None, probes=None)
    for ago, kept in ((HOUR, True), (HOUR + SECOND, False), (-HOUR, True), (-HOUR - SECOND, False)):
        present = index(written=NOW - DAY, checks=checks(ago), probes=probes(ago))
        found = newer_index(bare, present)
        assert (found.checks is not None, found.probes is not None) == (kept, kept)


def test_a_rehearsal_is_the_newer_one_whoever_has_it_while_it_may_be_too_new_to_have_been_read() -> None:
    old, new = rehearsal(planned=NOW - timedelta(minutes=20)), rehearsal(planned=NOW - timedelta(minutes=5))
    built, present = index(written=NOW, rehearsal=old), index(written=NOW, rehearsal=new)
    assert newer_index(built, present).rehearsal == newer_index(present, built).rehearsal == new
    bare = index(written=NOW)
    for ago, kept in ((HOUR, True), (HOUR + SECOND, False), (-HOUR, True), (-HOUR - SECOND, False)):
        found = newer_index(bare, index(written=NOW - DAY, rehearsal=rehearsal(planned=NOW - ago)))
        assert (found.rehearsal is not None) == kept


def test_one_that_has_just_been_made_stays_though_all_else_was_read_long_ago() -> None:
    read_then = index(written=NOW - DAY, rehearsal=rehearsal(planned=NOW - DAY))
    made = rehearsal(planned=NOW)
    assert newer_index(index(written=NOW - DAY, rehearsal=made), read_then).rehearsal == made
