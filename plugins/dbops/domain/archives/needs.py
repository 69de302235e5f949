"""Drill needs: what an archive asks of the server it is restored into, and which of it a server does not offer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbops.domain.archives.toc_entry import TocEntry

_PROVIDER_ICU = re.compile(r"(?:locale_)?provider = icu\b", re.IGNORECASE)
_COLLATION = re.compile(r'COLLATE pg_catalog\.(?:"((?:[^"]|"")+)"|(\w+))')


@dataclass(frozen=True, kw_only=True)
class ServerOffer:
    """What a server has for a database that is restored into it. ``collations`` are those of its own catalog."""

    major: int
    extensions: frozenset[str]
    collations: frozenset[str]
    has_icu: bool
    is_replica: bool = False


def unmet_needs(
    entries: Sequence[TocEntry], source_major: int, offer: ServerOffer, *, whose: str = "the backup's"
) -> tuple[str, ...]:
    """What keeps the archive from being restored there, each as the end of a sentence; empty where nothing does.

    ``whose`` these entries are, for the sentences.
    """
    needs = []
    if offer.is_replica:
        needs.append("it is a replica, which accepts no writes")
    if offer.major < source_major:
        needs.append(f"it is PostgreSQL {offer.major}, older than {whose} {source_major}")
    extensions = {entry.name for entry in entries if entry.kind == "EXTENSION"} - offer.extensions
    if extensions:
        needs.append(f"it has no extension {_list(extensions)}")
    if not offer.has_icu and any(_uses_icu(entry) for entry in entries):
        needs.append(f"it was built without ICU, which {whose} collations need")
    collations = {name for entry in entries for name in _collations(entry)} - offer.collations
    if collations:
        needs.append(f"its system has no collation {_list(collations)}")
    return tuple(needs)


def _uses_icu(entry: TocEntry) -> bool:
    return entry.kind in {"COLLATION", "DATABASE"} and _PROVIDER_ICU.search(entry.definition) is not None


def _collations(entry: TocEntry) -> set[str]:
    found = _COLLATION.findall(entry.definition)
    return {quoted.replace('""', '"') or plain for quoted, plain in found}


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
