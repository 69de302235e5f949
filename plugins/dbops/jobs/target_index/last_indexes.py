"""LastIndexes: the index of each target that was read last.

It is judged while the store does not answer, and as long as the store lists its object with the same tag.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.reasons import NotKnown


@dataclass(frozen=True)
class LastIndex:
    """An index, when it was read or last seen unchanged, and the tag of its object; empty where that is not known."""

    index: TargetIndex
    read: datetime
    tag: str = ""


class LastIndexes:
    """For several threads. They live as long as their process, and no longer: the next one begins with none."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], LastIndex] = {}
        self._lock = threading.Lock()

    def keep(self, target: Target, seen: TargetIndex | NotKnown | str, now: datetime, tag: str = "") -> None:
        """What was seen of the target just now; where that is no index, the one before is all that is known.

        But that there is none is known too: then there is nothing left to be judged. ``tag`` is what its object was
        listed with *before* it was read, so that a newer one is always noticed.
        """
        with self._lock:
            if isinstance(seen, TargetIndex):
                self._kept[_place(target)] = LastIndex(seen, now, tag)
            elif isinstance(seen, NotKnown):
                self._kept.pop(_place(target), None)

    def of(self, target: Target) -> LastIndex | None:
        """The last one of the target, as its file says now where it is kept; None where none was read yet."""
        with self._lock:
            return self._kept.get(_place(target))

    def tagged(self, target: Target, tag: str) -> TargetIndex | None:
        """The last one of the target, if its object had that tag."""
        found = self.of(target)
        return found.index if found is not None and tag and found.tag == tag else None


def _place(target: Target) -> tuple[str, str, str]:
    return target.storage.connection, target.storage.bucket, target.root
