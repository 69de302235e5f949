"""Run folder: where a kind of job keeps one object a run, named by when it began, and folders of files beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Protocol, TypeVar

from dbops.domain.words.start_id import StartId
from dbops.errors import ObjectMissing
from dbops.gateways.at_once import for_each
from dbops.gateways.store.bucket import Bucket

_SUFFIX = ".json"


class _Run(Protocol):
    @property
    def target(self) -> str: ...


_R = TypeVar("_R", bound=_Run)


def read_run(bucket: Bucket, key: str, read: Callable[[bytes], _R], *, target: str) -> _R:
    """The target's run of that key; raises BucketError, and ValueError where there is something else."""
    run = read(bucket.get(key))
    if run.target != target:
        raise ValueError(key)
    return run


def read_runs(bucket: Bucket, folder: str, read: Callable[[bytes], _R], *, target: str, last: int) -> list[_R]:
    """The target's last runs that ``read`` can read, oldest first; raises BucketError."""
    runs = (run for _, run in _newest_first(bucket, folder, read, target) if run is not None)
    return list(islice(runs, last))[::-1]


def newest_run(bucket: Bucket, folder: str, read: Callable[[bytes], _R], *, target: str) -> tuple[_R | None, str]:
    """The target's newest run that ``read`` can read, None where there is none; raises BucketError.

    With it comes the key of a newer one that it cannot read, empty where there is none.
    """
    unreadable = ""
    for key, run in _newest_first(bucket, folder, read, target):
        if run is not None:
            return run, unreadable
        unreadable = unreadable or key
    return None, unreadable


def forget_oldest(bucket: Bucket, folder: str, *, keep: int, threads: int) -> None:
    """Delete the folders below that are named by when a run began, but for the newest ones; raises BucketError.

    Of each its page goes first, so that one that is there shows its pictures, whenever we are interrupted.
    """
    for old in _times(bucket.folders(folder))[:-keep]:
        page = f"{folder}{old}/index.html"
        keys = {stored.key for stored in bucket.list(f"{folder}{old}/")}
        if page in keys:
            bucket.delete(page)
        for_each(sorted(keys - {page}), bucket.delete, threads)


def _newest_first(
    bucket: Bucket, folder: str, read: Callable[[bytes], _R], target: str
) -> Iterator[tuple[str, _R | None]]:
    """Each run with its key, read when it is asked for; None for one that cannot be read, or is of another target."""
    for run_id in reversed(_run_ids(bucket, folder)):
        key = f"{folder}{run_id}{_SUFFIX}"
        try:
            run = read_run(bucket, key, read, target=target)
        except ObjectMissing:
            continue  # deleted since it was listed
        except ValueError:
            yield key, None
        else:
            yield key, run


def _run_ids(bucket: Bucket, folder: str) -> list[StartId]:
    names = (stored.key.removeprefix(folder) for stored in bucket.list(folder))
    return _times(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def _times(names: Iterable[str]) -> list[StartId]:
    """Those that are such a time, oldest first: what else lies there is not ours to count or to delete."""
    found = []
    for name in names:
        try:
            found.append(StartId(name))
        except ValueError:
            continue
    return sorted(found)
