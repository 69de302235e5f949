"""see_folder: one listing that tells which indexes are not those that were read last, and those at once if many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dbops.domain.index_bundle import IndexBundle
from dbops.domain.layout import Layout
from dbops.domain.target import Target
from dbops.gateways.bucket import Bucket
from dbops.gateways.index_bundles import list_tags, read_bundle
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.last_indexes import LastIndexes

_FEW = 8  # are read one by one: the bundle has all, and the newest not yet


@dataclass(frozen=True)
class SeenFolder:
    """The tag of each target's index, and some of the indexes."""

    tags: dict[str, str]
    bundle: IndexBundle


def see_folder(
    targets: Sequence[Target], open_bucket: Callable[[Target], Bucket], last: LastIndexes
) -> SeenFolder | str:
    """Of targets that share a folder; in words why it cannot be looked at. Raises nothing."""
    layout = Layout(targets[0].root)
    try:
        bucket = open_bucket(targets[0])
        tags = list_tags(bucket, layout)
        changed = [one for one in targets if one.name in tags and last.tagged(one, tags[one.name]) is None]
        return SeenFolder(tags, read_bundle(bucket, layout) if len(changed) > _FEW else IndexBundle())
    except Exception as error:  # noqa: BLE001 - those of another folder are to be seen all the same
        return error_in_words(error, f"listing {layout.indexes}")
