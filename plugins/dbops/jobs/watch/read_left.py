"""read_left: what the tasks of all targets have left for the watch, read once for all that makes something of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.left_by_tasks import LeftByTasks, left_by_tasks
from dbops.jobs.each_apart import each_apart
from dbops.jobs.error_in_words import error_in_words

_log = logging.getLogger(__name__)

Left = list[tuple[Target, LeftByTasks]]


def read_left(targets: Iterable[Target], open_bucket: Callable[[Target], Bucket]) -> Left:
    """Of every target that names anybody, in their order; nothing of one whose bucket cannot be looked at.

    That is told by the watch itself.
    """

    def read(target: Target) -> LeftByTasks:
        return left_by_tasks(open_bucket(target), target)

    telling = [target for target in targets if target.audience]
    return list(zip(telling, each_apart(telling, read, _nothing), strict=True))


def _nothing(target: Target, error: Exception) -> LeftByTasks:
    _log.warning(
        "It is not known which alerts of %s were not taken, "
        "and what was reported about its backups may be reported again: %s",
        target.name,
        error_in_words(error, "looking at what tasks have left for the watch"),
    )
    return LeftByTasks()
