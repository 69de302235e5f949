"""MigrationOptions: the part of a target's file that says how its migrations are applied."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from dbops.domain.options.section import ConnectionId, Section
from dbops.domain.words.quantities import Duration


def _as_servers_have_it(value: timedelta) -> timedelta:
    # PostgreSQL counts whole milliseconds in 31 bits, and takes 0 for no limit at all.
    if not timedelta(milliseconds=1) <= value <= timedelta(days=24):
        raise ValueError("a time limit of the server is from 1ms to 24d, and never none")
    return value


TimeLimit = Annotated[Duration, AfterValidator(_as_servers_have_it)]


class MigrationOptions(Section):
    """How migrations are applied, and how long they may stand in the application's way.

    ``lock_timeout`` is how long one try waits for a lock, with the application behind it, and ``tries`` how many there
    are; ``statement_timeout`` ends an ordinary migration, counted over all of its statements, ``concurrent_timeout``
    one that is alone, with CONCURRENTLY. A newest backup that is older than ``max_backup_age`` is a warning; null: than
    alerts.late_after. ``connection`` names the role that migrates, where the target's own may not.
    ``compare_with`` names the target of another environment, whose ledger is shown beside this one's.
    """

    connection: ConnectionId | None = None
    lock_timeout: TimeLimit = timedelta(seconds=2)
    tries: Annotated[int, Field(ge=1, le=1000)] = 10
    statement_timeout: TimeLimit = timedelta(minutes=5)
    concurrent_timeout: TimeLimit = timedelta(hours=2)
    max_backup_age: Duration | None = None
    compare_with: str | None = None
