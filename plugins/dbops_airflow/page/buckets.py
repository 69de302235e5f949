"""Buckets: the targets' buckets for a page that many look at: few clients, and impatient ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from dbops_airflow.connections import open_bucket

if TYPE_CHECKING:
    from dbops.domain.storage import S3Options, Storage
    from dbops.domain.target import Target
    from dbops.gateways.bucket import Bucket

# A person waits, who would rather read that the store does not answer; a backup has all night. All attempts and the
# pause between them end before the page stops waiting: then a store that hangs has failed, and is not merely slow.
_CONNECT = timedelta(seconds=2)
_READ = timedelta(seconds=3)
_ATTEMPTS = 2
_KEPT = 300.0  # seconds, after which a connection that somebody has corrected counts


class Buckets:
    """One client for all the targets whose storage is the same, made anew every few minutes; for several threads."""

    def __init__(
        self,
        open_one: Callable[[Target], Bucket] = open_bucket,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open, self._clock = open_one, clock
        self._opened: dict[str, tuple[float, Bucket]] = {}
        self._opening: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def open(self, target: Target) -> Bucket:
        """The target's bucket; raises what ``connections.open_bucket`` raises."""
        key = _key(target.storage)
        with self._lock:
            opening = self._opening.setdefault(key, threading.Lock())
        with opening:
            opened, bucket = self._opened.get(key, (None, None))
            if bucket is None or opened is None or self._clock() - opened > _KEPT:
                bucket = self._open(_impatient(target))
                self._opened[key] = self._clock(), bucket
            return bucket


def load_client() -> None:
    """Import what stores are reached with, which takes seconds: before a deadline runs, and off the event loop."""
    for module in ("airflow.providers.amazon.aws.hooks.base_aws", "dbops.gateways.s3"):
        import_module(module)


def _key(storage: Storage) -> str:
    """What decides which client it takes: the place within the bucket does not."""
    return storage.model_dump_json(include={"bucket", "connection", "s3"})


def _impatient(target: Target) -> Target:
    s3: S3Options = target.storage.s3
    hurried = s3.model_copy(
        update={
            "connect_timeout": min(s3.connect_timeout, _CONNECT),
            "read_timeout": min(s3.read_timeout, _READ),
            "attempts": min(s3.attempts, _ATTEMPTS),
        }
    )
    return target.model_copy(update={"storage": target.storage.model_copy(update={"s3": hurried})})
