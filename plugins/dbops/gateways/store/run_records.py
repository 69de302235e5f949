"""Run records: how far the act of one run is, one object a run, where no user of Airflow can write.

An act of several steps keeps one: each step believes it, and no XCom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.errors import InvalidRequest, ObjectMissing
from dbops.gateways.store.bucket import Bucket, StoredObject


class _Record(Protocol):
    @property
    def target(self) -> str: ...

    @property
    def run(self) -> str: ...

    def to_json(self) -> bytes: ...


_R = TypeVar("_R", bound=_Record)
_Kept = TypeVar("_Kept")


@dataclass(frozen=True)
class RunRecords(Generic[_R]):
    """Where each run keeps how far its ``act`` is, say "restore": ``key_of`` a target's layout and the run's name.

    ``remedy`` is what to do where something else lies there.
    """

    act: str
    key_of: Callable[[Layout, str], str]
    from_json: Callable[[bytes], _R]
    remedy: str

    def put(self, bucket: Bucket, target: Target, record: _R) -> _R:
        """Write how far a run is, and give it back; raises BucketError."""
        bucket.put(self.key_of(Layout(target.root), record.run), record.to_json())
        return record

    def find(self, bucket: Bucket, target: Target, run: str) -> _R | None:
        """How far that run is; None where it has planned nothing.

        Raises InvalidRequest where its record is unreadable or another's, and BucketError.
        """
        key = self.key_of(Layout(target.root), run)
        try:
            record = self.from_json(bucket.get(key))
        except ObjectMissing:
            return None
        except ValueError:
            record = None
        if record is None or (record.target, record.run) != (target.name, run):
            raise InvalidRequest(f"s3://{bucket.name}/{key} is not the record of this {self.act}.", self.remedy)
        return record

    def read(self, bucket: Bucket, target: Target, run: str) -> _R:
        """The same; raises InvalidRequest where it has planned nothing, too."""
        record = self.find(bucket, target, run)
        if record is None:
            raise InvalidRequest(f"The run {run} has planned no {self.act} of {target.name}.", "Start a new run.")
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
