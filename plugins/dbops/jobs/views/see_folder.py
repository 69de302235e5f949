"""see_folder: one listing that tells which indexes are not those that were read last, and those at once if many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.index_bundles import list_tags, read_bundle
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.target_index.index_folders import FEW
from dbops.jobs.target_index.last_indexes import LastIndexes


def see_folder(
    targets: Sequence[Target],
    open_bucket: Callable[[Target], Bucket],
    *,
    last: LastIndexes,
    clock: Callable[[], datetime],
) -> Mapping[str, str] | str:
    """The tag of each index in the folder of these targets, by target; in words why it cannot be listed.

    Where more than a few are not the ``last`` ones, those that the bundle has are the last ones then. Raises nothing.
    """
    layout = Layout(targets[0].root)
    try:
        bucket = open_bucket(targets[0])
        tags = list_tags(bucket, layout)
        changed = [one for one in targets if one.name in tags and last.tagged(one, tags[one.name]) is None]
        if len(changed) > FEW:
            bundle = read_bundle(bucket, layout)
            for one in changed:
                tag = tags[one.name]
                if (index := bundle.of(one.name, tag)) is not None:
                    last.keep(one, index, clock(), tag)
    except Exception as error:  # noqa: BLE001 - those of another folder are to be seen all the same
        return error_in_words(error, f"looking at {layout.indexes}")
    return tags
