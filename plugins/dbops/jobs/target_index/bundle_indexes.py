"""bundle_indexes: leave the indexes of all targets in one object a folder, for a page that shows hundreds.

It is a cache of caches: that it could not be written is logged, and fails nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.index_bundles import renew_bundle
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.target_index.index_folders import index_folders

_log = logging.getLogger(__name__)


def bundle_indexes(targets: Iterable[Target], open_bucket: Callable[[Target], Bucket]) -> None:
    """For each folder in turn: two that are reached in different ways would undo each other's. Raises nothing."""
    for folder in index_folders(targets):
        place = f"s3://{folder[0].storage.bucket}/{Layout(folder[0].root).index_bundle}"
        try:
            renew_bundle(open_bucket(folder[0]), folder)
        except Exception as error:  # noqa: BLE001 - the page reads each index by itself then
            _log.warning("%s could not be written: %s", place, error_in_words(error, f"writing {place}"))
