"""Newest objects: the last small records of a folder, read several at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

from dbops.domain.words.start_id import StartId
from dbops.errors import ObjectMissing
from dbops.gateways.store.bucket import Bucket

T = TypeVar("T")

_NAME = re.compile(r"(?P<time>\d{8}T\d{6}Z)(?P<rest>-[^/]*)?\.json", re.ASCII)


@dataclass(frozen=True)
class Newest(Generic[T]):
    """``found`` are newest first; ``unreadable`` has a sentence on each that is there and cannot be read.

    ``older`` is how many more there are in the folder.
    """

    found: tuple[T, ...]
    unreadable: tuple[str, ...] = ()
    older: int = 0


def newest_by_name(bucket: Bucket, folder: str) -> list[str]:
    """The keys directly below whose names begin with a time, as ``StartId`` writes it, newest first."""
    keys = (stored.key for stored in bucket.list(folder))
    return sorted((key for key in keys if _is_timed(key.removeprefix(folder))), reverse=True)


def newest_by_age(bucket: Bucket, folder: str) -> list[str]:
    """The keys of the records directly below, the last written first."""
    found = [stored for stored in bucket.list(folder) if stored.key.endswith(".json")]
    return [stored.key for stored in sorted(found, key=lambda one: (one.modified, one.key), reverse=True)]


def read_newest(
    bucket: Bucket,
    keys: Sequence[str],
    read: Callable[[str, bytes], T],
    *,
    last: int,
    what: str,
    readers: Executor,
) -> Newest[T]:
    """What the first ``last`` of these keys hold, in their order; raises BucketError.

    ``read`` takes key and body, and raises ValueError of what is not ``what``, say "a run of the checks".
    """
    chosen = keys[:last]

    def look(key: str) -> tuple[tuple[T, ...], str]:
        try:
            return (read(key, bucket.get(key)),), ""
        except ObjectMissing:
            return (), ""  # deleted since it was listed
        except ValueError:
            return (), f"s3://{bucket.name}/{key} is not {what} that this version can read."

    looks = list(readers.map(look, chosen))
    return Newest(
        found=tuple(one for found, _ in looks for one in found),
        unreadable=tuple(sentence for _, sentence in looks if sentence),
        older=len(keys) - len(chosen),
    )


def _is_timed(name: str) -> bool:
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    try:
        StartId(found["time"])
    except ValueError:
        return False
    return True
