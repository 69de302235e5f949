"""Watch notices: what the watch is told of alerts that do not reach people, beside what it sees of the databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbops.domain.target import Target
from dbops.domain.watch.notification import notifier_problem
from dbops.domain.watch.problem import Problem
from dbops.gateways.files.notifier_files import notifier_faults, read_notifiers
from dbops.gateways.store.bucket import Bucket
from dbops_airflow.notifier_classes import class_faults

if TYPE_CHECKING:
    from dbops.jobs.watch.read_left import Left
    from dbops_airflow.mailed import Mailed


class Notices:
    """The notifiers that cannot be made, the names that nobody describes, and the alerts that were not taken."""

    def __init__(
        self,
        include: Path,
        targets: Mapping[str, Target],
        left: Left,
        open_bucket: Callable[[Target], Bucket],
        now: datetime,
    ) -> None:
        from dbops.jobs.watch.lost_alerts import lost_alerts

        self._targets, self._open_bucket = targets, open_bucket
        files = read_notifiers(include)
        faults = (*notifier_faults(include, targets.values(), files), *class_faults(files.notifiers.values()))
        self._lost = lost_alerts(left, open_bucket, now)
        self.problems: list[Problem] = [*map(notifier_problem, faults), *(lost.problem for lost in self._lost)]

    def forget(self, mailed: Mailed) -> None:
        """Keep no longer what its notifier has heard by these mails, or would not hear and people have."""
        from dbops.jobs.watch.forget_alerts import forget_alerts

        over = [lost for lost in self._lost if mailed.ends(lost.problem.key, lost.notifier)]
        self._lost = [lost for lost in self._lost if lost not in over]
        for lost in over:
            forget_alerts(lost, self._targets[lost.notifications[0].target], self._open_bucket)
