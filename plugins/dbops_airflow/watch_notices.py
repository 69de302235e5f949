"""Watch notices: what the watch is told of alerts that do not reach people, beside what it sees of the databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from dbops.domain.notification import notifier_problem
from dbops.domain.promises import Problem
from dbops.domain.target import Target
from dbops.gateways.bucket import Bucket
from dbops.gateways.notifier_files import notifier_faults, read_notifiers
from dbops_airflow.notifier_classes import class_faults


def notices(
    include: Path, targets: Mapping[str, Target], open_bucket: Callable[[Target], Bucket], now: datetime
) -> list[Problem]:
    """The notifiers that cannot be made, the names that nobody describes, and the alerts that were not taken."""
    from dbops.jobs.lost_alerts import lost_alerts

    described = read_notifiers(include).notifiers.values()
    faults = (*notifier_faults(include, targets.values()), *class_faults(described))
    return [*map(notifier_problem, faults), *lost_alerts(targets.values(), open_bucket, now)]
