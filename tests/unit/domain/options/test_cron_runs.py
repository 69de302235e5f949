"""When an expression runs next is told of any moment, whatever was asked before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dbops.domain.options.cron_runs import CronRuns

VIENNA = ZoneInfo("Europe/Vienna")


def test_an_earlier_moment_may_be_asked_after_a_later_one() -> None:
    runs = CronRuns("0 2 * * *", VIENNA)
    later, earlier = datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert runs.first_after(later) == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert runs.first_after(earlier) == datetime(2026, 11, 3, 1, tzinfo=UTC)


def test_a_run_is_not_after_itself() -> None:
    runs = CronRuns("0 2 * * *", VIENNA)
    run = runs.first_after(datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert run is not None
    assert runs.first_after(run) == run + timedelta(days=1)
