"""Buckets: the targets' buckets for a page that many look at: few clients, and impatient ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from dbops.errors import BucketError
from dbops_airflow.connections import open_bucket

if TYPE_CHECKING:
    from types import TracebackType

    from dbops.domain.backups.storage import Storage
    from dbops.domain.target import Target
    from dbops.gateways.store.bucket import Bucket

_KEPT = 300.0  # seconds, after which a connection that somebody has corrected counts
_FAILURE_KEPT = 10.0  # seconds: as long as what the page shows
_PATIENCE = 6.0  # seconds: whoever waits longer for another's opening is not heard in time


@dataclass(frozen=True)
class _Failure:
    """An opening that failed, and ``where``, for the log."""

    error: Exception
    where: TracebackType | None


class Buckets:
    """One client for all the targets whose storage is the same, made anew every few minutes; for several threads.

    To open one may take a role's or a secrets backend's time, on which no time limit of S3 counts: one thread does it,
    and the others wait for ``patience`` seconds. That it failed is kept too, for seconds.
    """

    def __init__(
        self,
        open_one: Callable[[Target], Bucket] = open_bucket,
        clock: Callable[[], float] = time.monotonic,
        patience: float = _PATIENCE,
    ) -> None:
        self._open, self._clock, self._patience = open_one, clock, patience
        self._opened: dict[str, tuple[float, Bucket | _Failure]] = {}
        self._opening: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def open(self, target: Target) -> Bucket:
        """The target's bucket; raises what ``connections.open_bucket`` raises, and BucketError where that hangs."""
        key = _key(target.storage)
        with self._lock:
            opening = self._opening.setdefault(key, threading.Lock())
        if not opening.acquire(timeout=self._patience):
            raise BucketError(
                f"The connection to s3://{target.storage.bucket} is still being opened.",
                f'Check whether the role or the secrets backend behind the connection "{target.storage.connection}" '
                "answers this API server.",
            )
        try:
            found = self._kept(key)
            if found is None:
                found = self._tried(target)
                self._opened[key] = self._clock(), found
        finally:
            opening.release()
        if isinstance(found, _Failure):
            raise found.error.with_traceback(found.where)  # else it would grow with everybody who raises it
        return found

    def _kept(self, key: str) -> Bucket | _Failure | None:
        opened, found = self._opened.get(key, (0.0, None))
        longest = _FAILURE_KEPT if isinstance(found, _Failure) else _KEPT
        return found if self._clock() - opened <= longest else None

    def _tried(self, target: Target) -> Bucket | _Failure:
        try:
            return self._open(target.hurried)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised, and to everybody who waits
            return _Failure(error, error.__traceback__)


def load_client() -> None:
    """Import what stores are reached with, which takes seconds: before a deadline runs, and off the event loop."""
    for module in ("airflow.providers.amazon.aws.hooks.base_aws", "dbops.gateways.s3"):
        import_module(module)


def _key(storage: Storage) -> str:
    """What decides which client it takes: the place within the bucket does not."""
    return storage.model_dump_json(include={"bucket", "connection", "s3"})
