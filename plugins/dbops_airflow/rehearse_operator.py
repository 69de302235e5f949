"""RehearseOperator: the restores that nobody needs yet as one task, which is green whatever they would come to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dbops.gateways.clock import utc_now
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops_airflow import connections
from dbops_airflow.failures import told_to_airflow
from dbops_airflow.stoppable import StoppableOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

_WITHIN = timedelta(minutes=10)


class RehearseOperator(StoppableOperator):
    """Rehearse the restores that are due; what would be refused is told by the watch."""

    def execute(self, context: Context) -> None:  # noqa: ARG002 - Airflow gives it
        """Run the job; the log has a line on each target."""
        from dbops.jobs.restores.rehearse_due import rehearse_due

        with told_to_airflow(), self.stoppable():
            lines = rehearse_due(
                read_targets(include_folder()).targets.values(),
                lambda target: connections.open_bucket(target.hurried),
                connections.restore_place,
                clock=utc_now,
                within=_WITHIN,
            )
        for line in lines or ["No rehearsal was due."]:
            self.log.info(line)
