"""Index bundles: a folder of indexes listed, and read in one request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.target_index.bundle import BundledIndex, IndexBundle
from dbops.domain.target_index.target_index import TargetIndex
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket, StoredObject
from dbops.gateways.store.target_indexes import read_index

_LARGEST_INDEX = 256 * 1024  # bytes; a target of thousands of backups is read by itself, and makes nobody else wait
_LARGEST_BUNDLE = 32 * 1024**2  # is held in memory by who reads it
_BEFORE_INDEX = 200  # bytes of a line: the tag
_READERS = 8
_FAILURES = 3


def list_tags(bucket: Bucket, layout: Layout) -> dict[str, str]:
    """The tag of each index in the folder of this one, by target; raises BucketError.

    Read or keep an index only *after* the listing that has its tag: what is read later is at least as new, and
    the next listing tells if it was newer.
    """
    return {target: stored.tag for target, stored in _listed(bucket, layout)}


def list_renewed(bucket: Bucket, layout: Layout) -> dict[str, datetime]:
    """When each index in the folder of this one was written, by target and the store's clock; raises BucketError."""
    return {target: stored.modified for target, stored in _listed(bucket, layout)}


def read_bundle(bucket: Bucket, layout: Layout) -> IndexBundle:
    """The bundle in that folder; an empty one where there is none that can be read, for each index has its object."""
    try:
        return IndexBundle.from_lines(bucket.read(layout.index_bundle, 0, _LARGEST_BUNDLE))
    except BucketError:
        return IndexBundle()


def renew_bundle(bucket: Bucket, targets: Collection[Target]) -> None:
    """Put the indexes of these targets into the bundle of the folder that they share; raises BucketError.

    Those that cannot be read or are too large are left out; more than a few that cannot be read end it. Of others' it
    keeps what still lies there. Nobody locks it: where two write at once, what one of them did not put in is read from
    its own object, until the next one writes.
    """
    layout = Layout(next(iter(targets)).root)
    listed = {name: stored for name, stored in _listed(bucket, layout) if stored.bytes <= _LARGEST_INDEX}
    own = {target.name: target for target in targets if target.name in listed}
    present = read_bundle(bucket, layout)
    others = {
        name: found
        for name, stored in listed.items()
        if name not in own and (found := present.of(name, stored.tag)) is not None
    }
    fitting = list(_fitting([*own, *others], listed))
    read = _read(bucket, [own[name] for name in fitting if name in own])
    indexes = {name: others[name] for name in fitting if name in others} | read
    bundle = IndexBundle(BundledIndex(listed[name].tag, index) for name, index in indexes.items())
    bucket.put(layout.index_bundle, bundle.to_lines())


def _fitting(names: Sequence[str], listed: Mapping[str, StoredObject]) -> Iterator[str]:
    """The first of them, as many as have room; a line is never longer than its object and what stands before it."""
    room = _LARGEST_BUNDLE
    for name in names:
        room -= listed[name].bytes + _BEFORE_INDEX
        if room < 0:
            return
        yield name


def _read(bucket: Bucket, targets: Iterable[Target]) -> dict[str, TargetIndex]:
    failures: list[BucketError] = []

    def read(target: Target) -> TargetIndex | None:
        if len(failures) >= _FAILURES:
            return None  # each may take minutes
        try:
            return read_index(bucket, target)
        except BucketError as error:
            failures.append(error)
            return None

    with ThreadPoolExecutor(_READERS, "bundle-indexes") as readers:
        found = {index.target: index for index in readers.map(read, targets) if index is not None}
    if len(failures) >= _FAILURES:
        raise failures[0]
    return found


def _listed(bucket: Bucket, layout: Layout) -> Iterator[tuple[str, StoredObject]]:
    """The object of each index, by target."""
    for stored in bucket.list(layout.indexes):
        if stored.key.endswith(".json"):
            yield stored.key.removeprefix(layout.indexes).removesuffix(".json"), stored
