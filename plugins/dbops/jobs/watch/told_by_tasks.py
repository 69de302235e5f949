"""told_by_tasks: what people have heard of backups from the tasks that made them, for a watch not to say it again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from dbops.domain.target import Target
from dbops.domain.watch.told_backup import ToldBackup
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.told_backups import delete_told_backup
from dbops.jobs.each_apart import each_apart
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.watch.read_left import Left

_log = logging.getLogger(__name__)

_Told = tuple[Target, tuple[ToldBackup, ...]]


class ToldByTasks:
    """What tasks have ``left`` of it; ``moments`` are when each problem was told, by its key."""

    def __init__(self, left: Left, open_bucket: Callable[[Target], Bucket]) -> None:
        self._open_bucket = open_bucket
        self._found: list[_Told] = [(target, its.told) for target, its in left if its.told]
        self.moments: dict[str, datetime] = {
            told.key_of(target.name): told.moment for target, found in self._found for told in found
        }

    def forget(self) -> None:
        """Delete it: from now on the watch remembers it with all that it has told itself.

        What cannot be deleted is only logged: the next watch finds it again, and remembers.
        """
        each_apart(self._found, self._delete, _still_kept)
        self._found = []

    def _delete(self, of: _Told) -> None:
        target, found = of
        bucket = self._open_bucket(target)
        for told in found:
            delete_told_backup(bucket, target, told)


def _still_kept(of: _Told, error: Exception) -> None:
    said = error_in_words(error, "forgetting what was told")
    _log.warning("What was reported about the backups of %s is still kept: %s", of[0].name, said)
