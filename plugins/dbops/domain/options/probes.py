"""ProbeOptions: the section ``probes`` of a target's file."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from dbops.domain.options.section import ConnectionId, Section
from dbops.domain.words.quantities import Duration


class ProbeOptions(Section):
    """How the weekly probes work, and how much of the server they may take.

    ``connection`` is the application's own role, or one with its rights, where the target's own may only read.
    ``max_seconds`` is the ceiling of one run's measuring, ``max_concurrency`` that of its connections at one time;
    ``free_connections`` in percent of the server's limit are left to others. ``lock_timeout`` and ``statement_timeout``
    end what would stand in the application's way. ``seed`` decides which parameters are drawn.
    A probe is slower than usual when it is so by ``slower_by`` percent and by ``slower_by_at_least`` too.
    ``late_after`` is the promise that ``watch`` keeps an eye on.
    """

    connection: ConnectionId | None = None
    max_seconds: Duration = timedelta(minutes=5)
    max_concurrency: Annotated[int, Field(ge=1, le=501)] = 11
    free_connections: Annotated[float, Field(ge=0, lt=100)] = 20.0
    statement_timeout: Duration = timedelta(seconds=10)
    lock_timeout: Duration = timedelta(seconds=2)
    seed: int = 1
    slower_by: Annotated[float, Field(gt=0)] = 50.0
    slower_by_at_least: Duration = timedelta(milliseconds=5)
    keep_reports: Annotated[int, Field(ge=1, le=1000)] = 26
    late_after: Duration = timedelta(days=8)
