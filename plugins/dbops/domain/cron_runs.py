"""When a cron expression runs next: to say what will be, never to schedule anything, which is Airflow's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter

_UNKNOWN_PRESETS = {"@quarterly": "0 0 1 */3 *"}  # Airflow's own


def cron_runs(expression: str, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments (UTC) at which the expression, checked by ``check_cron``, runs later than ``after``, by local time.

    A local time that a clock set forward skips runs as much later as it was set; one that it shows twice runs once.
    """
    walk = croniter(_UNKNOWN_PRESETS.get(expression, expression), after.astimezone(zone).replace(tzinfo=None))
    before = after
    while True:
        try:
            local: datetime = walk.get_next(datetime)
        except (CroniterBadDateError, OverflowError):  # none in fifty years, or none before the end of the calendar
            return
        run = local.replace(tzinfo=zone).astimezone(UTC)
        if run > before:
            before = run
            yield run
