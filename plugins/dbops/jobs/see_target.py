"""see_target: everything that a target's page shows, read from its bucket; its database is not touched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from dbops.domain.dag_state import DagState
from dbops.domain.target import Target
from dbops.domain.target_view import Part, TargetView
from dbops.gateways.bucket import Bucket


def see_target(
    target: Target,
    open_bucket: Callable[[Target], Bucket],
    dags: Mapping[str, DagState],
    *,
    clock: Callable[[], datetime],
    within: timedelta,
    parts: Collection[Part] = tuple(Part),
) -> TargetView:
    """The target's row and the ``parts`` that are wanted; ``dags`` are by their ids.

    What cannot be read, or not ``within`` that time, is a sentence in its place; nothing is raised.
    """
    raise NotImplementedError
