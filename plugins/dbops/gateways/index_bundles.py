"""Index bundles: a folder of indexes listed, and read in one request."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

from dbops.domain.index_bundle import BundledIndex, IndexBundle
from dbops.domain.layout import Layout
from dbops.domain.target import Target
from dbops.domain.target_index import TargetIndex
from dbops.errors import BucketError
from dbops.gateways.bucket import Bucket, StoredObject
from dbops.gateways.target_indexes import read_index

_LARGEST_INDEX = 256 * 1024  # bytes; a target of thousands of backups is read by itself, and makes nobody else wait
_LARGEST_BUNDLE = 32 * 1024**2  # is held in memory by who reads it
_READERS = 8


def list_tags(bucket: Bucket, layout: Layout) -> dict[str, str]:
    """The tag of each index in the folder of this one, by target; raises BucketError.

    Read or keep an index only *after* the listing that has its tag: what is read later is at least as new, and
    the next listing tells if it was newer.
    """
    return {target: stored.tag for target, stored in _listed(bucket, layout)}


def read_bundle(bucket: Bucket, layout: Layout) -> IndexBundle:
    """The bundle in that folder; an empty one where there is none that can be read, for each index has its object."""
    try:
        return IndexBundle.from_lines(bucket.read(layout.index_bundle, 0, _LARGEST_BUNDLE))
    except BucketError:
        return IndexBundle()


def renew_bundle(bucket: Bucket, targets: Collection[Target]) -> None:
    """Put the indexes of these targets into the bundle of the folder that they share; raises BucketError.

    Those that cannot be read or are too large are left out. Of others' it keeps what still lies there. Nobody locks it:
    where two write at once, what one of them did not put in is read from its own object, until the next one writes.
    """
    layout = Layout(next(iter(targets)).root)
    listed = dict(_listed(bucket, layout))
    own = [target for target in targets if target.name in listed and listed[target.name].bytes <= _LARGEST_INDEX]
    sums = accumulate(listed[target.name].bytes for target in own)
    own = [target for target, so_far in zip(own, sums, strict=True) if so_far <= _LARGEST_BUNDLE]
    with ThreadPoolExecutor(_READERS, "bundle-indexes") as readers:
        read = {index.target: index for index in readers.map(lambda one: _index_of(bucket, one), own) if index}
    names = {target.name for target in targets}
    present = read_bundle(bucket, layout)
    others = {
        name: found
        for name, stored in listed.items()
        if name not in names and (found := present.of(name, stored.tag)) is not None
    }
    bundle = IndexBundle(BundledIndex(listed[name].tag, index) for name, index in (others | read).items())
    bucket.put(layout.index_bundle, bundle.to_lines())


def _index_of(bucket: Bucket, target: Target) -> TargetIndex | None:
    try:
        return read_index(bucket, target)
    except BucketError:
        return None


def _listed(bucket: Bucket, layout: Layout) -> Iterator[tuple[str, StoredObject]]:
    """The object of each index, by target."""
    for stored in bucket.list(layout.indexes):
        if stored.key.endswith(".json"):
            yield stored.key.removeprefix(layout.indexes).removesuffix(".json"), stored
