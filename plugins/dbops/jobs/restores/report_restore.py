"""report_restore: what a run's restore came to, from its record."""

from __future__ import annotations

from dbops.domain.restores.record import RestoreState
from dbops.domain.restores.report import RestoreReport
from dbops.jobs.restores.restore_run import RestoreRun


def report_restore(run: RestoreRun) -> RestoreReport:
    """What that run's restore came to; raises a DbopsError where its record cannot be read."""
    record = run.read()
    database = record.live if record.state is RestoreState.SWAPPED else record.database
    url = str(run.server().address(database))
    return RestoreReport(
        target=run.target.name,
        started=record.planned,
        finished=run.clock(),
        record=record,
        url=url,
        has_rules=run.target.has_rules,
    )
