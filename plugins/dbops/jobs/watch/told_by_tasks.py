"""told_by_tasks: what people have heard of backups from the tasks that made them, for a watch not to say it again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from dbops.domain.target import Target
from dbops.domain.watch.told_backup import ToldBackup
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.told_backups import delete_told_backup, told_backups
from dbops.jobs.error_in_words import error_in_words

_log = logging.getLogger(__name__)

_THREADS = 8


class ToldByTasks:
    """What lay there when it was made, of every target; ``moments`` are when each problem was told, by its key.

    What cannot be read or deleted is only logged: people are told twice then.
    """

    def __init__(self, targets: Iterable[Target], open_bucket: Callable[[Target], Bucket]) -> None:
        self._open_bucket = open_bucket
        telling = [target for target in targets if target.audience]
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="told backups") as pool:
            self._found = list(zip(telling, pool.map(self._read, telling), strict=True))
        self.moments: dict[str, datetime] = {
            told.key_of(target.name): told.moment for target, found in self._found for told in found
        }

    def forget(self) -> None:
        """Delete it: from now on the watch remembers it with all that it has told itself."""
        for target, found in self._found:
            if found:
                self._delete(target, found)
        self._found = []

    def _read(self, target: Target) -> list[ToldBackup]:
        try:
            return list(told_backups(self._open_bucket(target), target))
        except Exception as error:  # noqa: BLE001 - one target must not keep those of all the others
            said = error_in_words(error, "looking at what was told")
            _log.warning("What was told of the backups of %s may be told again: %s", target.name, said)
            return []

    def _delete(self, target: Target, found: Iterable[ToldBackup]) -> None:
        try:
            bucket = self._open_bucket(target)
            for told in found:
                delete_told_backup(bucket, target, told)
        except Exception as error:  # noqa: BLE001 - one target must not keep those of all the others
            said = error_in_words(error, "forgetting what was told")
            _log.warning("What was told of the backups of %s is still kept: %s", target.name, said)
