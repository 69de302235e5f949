"""Index bundles: a folder of indexes listed, and read in one request."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from dbops.domain.index_bundle import BundledIndex, IndexBundle
from dbops.domain.layout import Layout
from dbops.domain.target import Target
from dbops.errors import ObjectMissing
from dbops.gateways.bucket import Bucket
from dbops.gateways.target_indexes import read_index

_LARGEST = 256 * 1024  # bytes; a target of thousands of backups is read by itself, and makes nobody else wait
_READERS = 8


def list_tags(bucket: Bucket, layout: Layout) -> dict[str, str]:
    """The tag of each index in the folder of this one, by target; raises BucketError.

    Read or keep an index only *after* the listing that has its tag: what is read later is at least as new, and
    the next listing tells if it was newer.
    """
    return {target: tag for target, (tag, _) in _listed(bucket, layout).items()}


def read_bundle(bucket: Bucket, layout: Layout) -> IndexBundle:
    """The bundle in that folder, an empty one where there is none; raises BucketError."""
    try:
        return IndexBundle.from_lines(bucket.get(layout.index_bundle))
    except ObjectMissing:
        return IndexBundle()


def renew_bundle(bucket: Bucket, targets: Collection[Target]) -> None:
    """Put the indexes of these targets into the bundle of the folder that they share; raises BucketError.

    Of others' it keeps what still lies there. Nobody locks it: where two write at once, what one of them did not put in
    is read from its own object, until the next one writes.
    """
    layout = Layout(next(iter(targets)).root)
    listed = {target: tag for target, (tag, size) in _listed(bucket, layout).items() if size <= _LARGEST}
    present = read_bundle(bucket, layout)
    kept = {target: found for target, tag in listed.items() if (found := present.of(target, tag)) is not None}
    outdated = [target for target in targets if target.name in listed and target.name not in kept]
    with ThreadPoolExecutor(_READERS, "bundle-indexes") as readers:
        read = readers.map(lambda target: read_index(bucket, target), outdated)
        fresh = {index.target: index for index in read if index is not None}
    bundle = IndexBundle(BundledIndex(listed[target], index) for target, index in (kept | fresh).items())
    bucket.put(layout.index_bundle, bundle.to_lines())


def _listed(bucket: Bucket, layout: Layout) -> dict[str, tuple[str, int]]:
    """Tag and size of each index, by target; the bundle is among them, under a name that no target has."""
    folder = layout.indexes
    return {
        stored.key.removeprefix(folder).removesuffix(".json"): (stored.tag, stored.bytes)
        for stored in bucket.list(folder)
    }
