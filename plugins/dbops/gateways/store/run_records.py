"""Run records: how far the act of one run is, one object a run, where no user of Airflow can write.

An act of several steps keeps one: each step believes it, and no XCom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol, TypeVar

from dbops.errors import InvalidRequest, ObjectMissing
from dbops.gateways.store.bucket import Bucket, StoredObject


class _Record(Protocol):
    @property
    def target(self) -> str: ...

    @property
    def run(self) -> str: ...


_R = TypeVar("_R", bound=_Record)
_Kept = TypeVar("_Kept")


def find_record(
    bucket: Bucket, key: str, read: Callable[[bytes], _R], *, target: str, run: str, what: str, remedy: str
) -> _R | None:
    """The record of that run; None where it has planned nothing.

    Raises InvalidRequest, which calls it the record of ``what``, where it is unreadable or another's; BucketError.
    """
    try:
        record = read(bucket.get(key))
    except ObjectMissing:
        return None
    except ValueError:
        record = None
    if record is None or (record.target, record.run) != (target, run):
        raise InvalidRequest(f"s3://{bucket.name}/{key} is not the record of {what}.", remedy)
    return record


def all_records(bucket: Bucket, folder: str, read: Callable[[bytes], _R]) -> Iterator[_R]:
    """Every record that can be read, in the order of their keys; raises BucketError."""
    return (record for _, record in dated_records(bucket, folder, read))


def dated_records(
    bucket: Bucket, folder: str, read: Callable[[bytes], _Kept], *, since: datetime | None = None
) -> Iterator[tuple[datetime, _Kept]]:
    """The same, each with when it was written, by the store's clock; none that was not written after ``since``."""
    listed = bucket.list(folder)
    return listed_records(bucket, (each for each in listed if since is None or each.modified > since), read)


def listed_records(
    bucket: Bucket, listed: Iterable[StoredObject], read: Callable[[bytes], _Kept]
) -> Iterator[tuple[datetime, _Kept]]:
    """The same of these objects, in their order."""
    for stored in listed:
        try:
            yield stored.modified, read(bucket.get(stored.key))
        except (ObjectMissing, ValueError):
            continue
