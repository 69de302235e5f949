"""lost_files: which targets have backups and no file any more, and nobody has said that they are retired."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.watch.included_names import IncludedNames
from dbops.domain.watch.known_targets import LOOKED_AFTER_WITHIN, KnownTargets
from dbops.domain.watch.problem import Problem
from dbops.errors import DbopsError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.index_bundles import list_renewed
from dbops.gateways.store.target_indexes import read_index
from dbops.jobs.each_apart import each_apart
from dbops.jobs.error_in_words import error_in_words

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LostFiles:
    """``known`` is for the next watch; of the ``hidden`` targets no problem is over, for nobody looks at them."""

    known: KnownTargets
    problems: list[Problem]
    hidden: frozenset[str]


def lost_files(
    targets: Iterable[Target],
    names: IncludedNames,
    known: KnownTargets,
    open_bucket: Callable[[Target], Bucket],
    now: datetime,
) -> LostFiles:
    """Compare the files with what is ``known``, and with the indexes in the folders of ``targets``. Raises nothing.

    Folders are listed only where there is something to find.
    """
    if names.named is None or names.retired is None:
        # What is wrong with these files is told as that.
        return LostFiles(known, [], known.without_file(names.named or ()))
    known = known.retire(names.retired)
    if known.strangers is None or known.without_file(names.named):
        renewed, is_whole = _renewed(targets, open_bucket)
        others = {name: last for name, last in renewed.items() if name not in names.named | names.retired}
        backed = {name: last.moment for name, last in others.items() if _matters(last, name, known, open_bucket, now)}
        known = known.compare(names.named, backed, now, is_whole=is_whole)
    return LostFiles(known, known.missing(names.named), known.without_file(names.named))


@dataclass(frozen=True)
class _Renewed:
    """When an index was written last, and a target of ours by which its folder is reached."""

    moment: datetime
    beside: Target


def _renewed(targets: Iterable[Target], open_bucket: Callable[[Target], Bucket]) -> tuple[dict[str, _Renewed], bool]:
    """Every index in the folders of these targets, by the name of its own, and whether all folders could be listed."""
    folders: dict[Hashable, Target] = {}
    for target in targets:
        storage = target.storage
        folders.setdefault((storage.connection, storage.bucket, storage.s3, Layout(target.root).indexes), target)

    def look(target: Target) -> dict[str, _Renewed] | None:
        listed = list_renewed(open_bucket(target), Layout(target.root))
        return {name: _Renewed(moment, target) for name, moment in listed.items()}

    seen = each_apart(folders.values(), look, _not_listed)
    # Of a name in several folders the one counts that somebody looks after.
    by_age = sorted((one for folder in seen if folder for one in folder.items()), key=lambda one: one[1].moment)
    return dict(by_age), None not in seen


def _not_listed(target: Target, error: Exception) -> None:
    # What is known without that folder is told all the same.
    place = f"s3://{target.storage.bucket}/{Layout(target.root).indexes}"
    why = error_in_words(error, f"listing {place}")
    _log.warning("Whether %s has a target without a file is not known: %s", place, why)


def _matters(
    last: _Renewed, name: str, known: KnownTargets, open_bucket: Callable[[Target], Bucket], now: datetime
) -> bool:
    """Whether to go on with that index: of one that nobody renews, not known before, only if it tells of backups."""
    if name in known.ours or now - last.moment <= LOOKED_AFTER_WITHIN:
        return True
    try:
        index = read_index(open_bucket(last.beside), last.beside.model_copy(update={"name": name}))
    except DbopsError:
        return True
    return index is None or bool(index.backups)
