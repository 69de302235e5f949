"""post_check: after a swap, look at the database as the application will see it."""

from __future__ import annotations

from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.errors import RestoreFailed
from dbops.gateways.server.database import Database
from dbops.jobs.restores.record_swap import is_swapped
from dbops.jobs.restores.restore_run import RestoreRun

_NAMES_SHOWN = 5


def post_check(run: RestoreRun) -> RestoreRecord:
    """Prove by the target's own connection that what is live is what was verified; raises RestoreFailed where not."""
    record = run.read()
    if record.state is not RestoreState.SWAPPED or not is_swapped(run.server(), record):
        raise RestoreFailed(
            f"{record.live} is not the database that this run has restored.", "Look at the names on the server."
        )
    live = Database(run.place.live)
    if live.oid() != record.oid:
        raise RestoreFailed(
            f"The connection {run.target.connection} does not lead to the restored {record.live}, but to another "
            "server.",
            "Point it, and the application, at the server on which the swap took place.",
        )
    if unreadable := live.unreadable_relations():
        raise RestoreFailed(
            f"{record.live} was swapped, and the role of connection {run.target.connection} may not read "
            f"{len(unreadable)} of its tables and sequences: {', '.join(unreadable[:_NAMES_SHOWN])}.",
            f"Grant that, or rename it back: the old database is {record.before}.",
        )
    return record
