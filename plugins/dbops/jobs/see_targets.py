"""see_targets: one look at every target, from the short form of its bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from dbops.domain.dag_state import DagState
from dbops.domain.fault import Fault
from dbops.domain.overview import Overview
from dbops.domain.target import Target
from dbops.gateways.bucket import Bucket


def see_targets(
    targets: Sequence[Target],
    faults: Sequence[Fault],
    open_bucket: Callable[[Target], Bucket],
    dags: Mapping[str, DagState],
    *,
    clock: Callable[[], datetime],
    within: timedelta,
) -> Overview:
    """Every target's row, worst first, with one small read a target; ``dags`` are by their ids.

    What has not answered ``within`` that time is not known, and its row says so. Nothing is raised for a target.
    """
    raise NotImplementedError
