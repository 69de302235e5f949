"""index_folders: which targets have their indexes in the same folder of the same store, and are asked for together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target

FEW = 8
"""So many indexes are read one by one: a listing, or the bundle, is worth a few requests itself."""


def index_folders(targets: Iterable[Target]) -> list[list[Target]]:
    """The targets by folder, if more than a few; those that reach it in another way, with other credentials, are apart.

    Where each target has a connection of its own nothing is shared, and nobody lists the others' indexes.
    """
    folders: dict[Hashable, list[Target]] = {}
    for target in targets:
        storage = target.storage
        way = storage.connection, storage.bucket, storage.s3, Layout(target.root).indexes
        folders.setdefault(way, []).append(target)
    return [folder for folder in folders.values() if len(folder) > FEW]
