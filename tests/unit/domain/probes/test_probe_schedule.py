"""Probes of targets on one server must not be what they measure: they begin at times of their own."""

from __future__ import annotations

import pytest

from dbops.domain.options.cron import check_cron
from tests.unit.samples import target


def test_where_nobody_chose_a_time_each_target_has_a_minute_of_its_own_on_sunday_from_6_to_7() -> None:
    schedules = [target(name=f"shop_{number}").probe_schedule for number in range(30)]
    for schedule in schedules:
        assert schedule is not None
        minute, *rest = check_cron(schedule).split()
        assert 0 <= int(minute) < 60
        assert rest == ["6", "*", "*", "0"]
    assert len(set(schedules)) > 15


def test_the_minute_stays_the_same_whoever_asks() -> None:
    assert target(name="summary_app").probe_schedule == "15 6 * * 0"


@pytest.mark.parametrize("chosen", ["0 6 * * 0", "30 3 * * 1", None])
def test_a_time_that_somebody_chose_is_kept(chosen: str | None) -> None:
    assert target(schedule={"probe": chosen}).probe_schedule == chosen
