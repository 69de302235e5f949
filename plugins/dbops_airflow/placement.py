"""Placement, in Airflow's words: the pool in which a task waits, the queue of its worker, and what goes first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbops.domain.target import Target

SERVER_POOL = "server__"
QUEUE_POOL = "queue__"
QUEUE_VARIABLE = "DBOPS_HEAVY_QUEUE"
"""What is said of all targets of a deployment, whose workers the target files need not know."""
SLOTS_VARIABLE = "DBOPS_HEAVY_SLOTS"
"""How many heavy jobs the workers of a queue do at a time."""

FIRST: dict[str, Any] = {"priority_weight": 1000, "weight_rule": "absolute"}
"""An operator's arguments for what must not wait behind a night's jobs: the watch, and what people have started.

It decides among tasks that wait in Airflow. One that was handed to a worker's queue is in nobody's order any more.
"""


def taking_turns(target: Target) -> dict[str, Any]:
    """An operator's arguments for a job that loads the target's server; none where the target names no server.

    A task waits in one pool only, and the server's is the one that guards a database.
    """
    return {"pool": f"{SERVER_POOL}{target.server}"} if target.server else {}


def on_a_large_worker(*targets: Target) -> dict[str, Any]:
    """An operator's arguments for a job that takes disk and hours; none where neither a queue nor slots are named.

    A DAG of many targets follows them where they agree, for a task's queue is settled before its target is chosen.
    Where the deployment says how many run at a time, the others wait in a pool: Airflow then knows that they wait, and
    in which order. Raises InvalidRequest.
    """
    named = {target.queue for target in targets}
    queue = (named.pop() if len(named) == 1 else None) or os.environ.get(QUEUE_VARIABLE)
    arguments = {"queue": queue} if queue else {}
    return {**arguments, "pool": f"{QUEUE_POOL}{queue or 'heavy'}"} if heavy_slots() else arguments


def heavy_slots() -> int | None:
    """How many heavy jobs run at a time on the workers of a queue, as this process is told; raises InvalidRequest."""
    said = os.environ.get(SLOTS_VARIABLE)
    if not said:
        return None
    if not said.isascii() or not said.isdecimal() or not int(said):
        from dbops.errors import InvalidRequest  # not above: whoever loads the plugin loads this module

        raise InvalidRequest(
            f"The environment variable {SLOTS_VARIABLE} is {said!r}, which is not a number of jobs at a time.",
            "Set it to the number of jobs that the heavy workers run at a time, for example 2, with the same value "
            "in every component of Airflow, or remove it.",
        )
    return int(said)
