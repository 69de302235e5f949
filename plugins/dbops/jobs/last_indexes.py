"""LastIndexes: the index of each target that was read last, to be judged while its store does not answer."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from dbops.domain.reasons import NotKnown
from dbops.domain.target import Target
from dbops.domain.target_index import TargetIndex


@dataclass(frozen=True)
class LastIndex:
    """An index, and when it was read."""

    index: TargetIndex
    read: datetime


class LastIndexes:
    """For several threads. They live as long as their process, and no longer: the next one begins with none."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], LastIndex] = {}
        self._lock = threading.Lock()

    def keep(self, target: Target, seen: TargetIndex | NotKnown | str, now: datetime) -> None:
        """What was seen of the target just now; where that is no index, the one before is all that is known.

        But that there is none is known too: then there is nothing left to be judged.
        """
        with self._lock:
            if isinstance(seen, TargetIndex):
                self._kept[_place(target)] = LastIndex(seen, now)
            elif isinstance(seen, NotKnown):
                self._kept.pop(_place(target), None)

    def of(self, target: Target) -> LastIndex | None:
        """The last one of the target, as its file says now where it is kept; None where none was read yet."""
        with self._lock:
            return self._kept.get(_place(target))


def _place(target: Target) -> tuple[str, str, str]:
    return target.storage.connection, target.storage.bucket, target.root
