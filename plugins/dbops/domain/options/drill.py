"""DrillOptions: how often, and where, a target's backup is restored for the proof."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from dbops.domain.options.section import ConnectionId, Section
from dbops.domain.words.quantities import Duration


class DrillOptions(Section):
    """How often a backup is restored for the proof, and where.

    ``every`` thins the schedule and the arrivals of backups; ``within`` is the promise that ``watch`` keeps an eye on,
    null for none. ``connection`` is a scratch server, used instead of a throw-away one on the worker, whose data lie
    below ``directory``.
    """

    every: Duration = timedelta(days=7)
    within: Duration | None = timedelta(days=10)
    connection: ConnectionId | None = None
    directory: str | None = None
    jobs: Annotated[int, Field(ge=1, le=64)] = 2
