"""CronRuns: when a cron expression runs next. To say what will be, never to schedule anything, which is Airflow's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter

from dbops.domain.options.cron import written_out


class CronRuns:
    """The runs of an expression that ``check_cron`` has checked, by the local time of a zone.

    A local time that a clock set forward skips runs as much later as it was set; one that it shows twice runs once.
    """

    def __init__(self, expression: str, zone: ZoneInfo) -> None:
        self._cron, self._zone = croniter(written_out(expression)), zone

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Those later than the moment, in UTC, one after the other."""
        run = self.first_after(moment)
        while run is not None:
            yield run
            run = self.first_after(run)

    def first_after(self, moment: datetime) -> datetime | None:
        """The first that is later, in UTC; None where there is none in fifty years, or before the calendar ends."""
        self._cron.set_current(moment.astimezone(self._zone).replace(tzinfo=None), force=True)
        while True:
            try:
                local: datetime = self._cron.get_next(datetime)
            except (CroniterBadDateError, OverflowError):
                return None
            run = local.replace(tzinfo=self._zone).astimezone(UTC)
            if run > moment:  # not where the moment is in an hour that is shown twice
                return run
