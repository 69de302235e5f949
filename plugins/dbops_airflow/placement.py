"""Placement, in Airflow's words: a pool for what takes turns on a server, and a queue for what needs a large worker."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbops.domain.target import Target

POOL_PREFIX = "server__"
QUEUE_VARIABLE = "DBOPS_HEAVY_QUEUE"
"""What is said of all targets of a deployment, whose workers the target files need not know."""


def taking_turns(target: Target) -> dict[str, Any]:
    """An operator's arguments for a job that loads the target's server; none where the target names no server."""
    return {"pool": f"{POOL_PREFIX}{target.server}"} if target.server else {}


def on_a_large_worker(*targets: Target) -> dict[str, Any]:
    """An operator's arguments for a job that takes disk and hours; none where no queue is named.

    A DAG of many targets follows them where they agree, for a task's queue is settled before its target is chosen.
    """
    named = {target.queue for target in targets}
    queue = (named.pop() if len(named) == 1 else None) or os.environ.get(QUEUE_VARIABLE)
    return {"queue": queue} if queue else {}
