"""DatabaseLocale: the encoding of a database and how it sorts, so that two of them can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dbops.domain.archives.toc_entry import TocEntry

_OPTION = re.compile(
    r"\b(ENCODING|LOCALE_PROVIDER|LOCALE|LC_COLLATE|ICU_LOCALE|BUILTIN_LOCALE) = (?:'((?:[^']|'')*)'|(\w+))"
)


@dataclass(frozen=True)
class DatabaseLocale:
    """``collation`` as people read it, with its provider where that is not the system's library."""

    encoding: str
    collation: str

    def sorts_as(self, other: DatabaseLocale) -> bool:
        """Whether both sort alike; systems write the same locale in different ways, such as C.UTF-8 and C.utf8."""
        return _plain(self.collation) == _plain(other.collation)


def database_locale(provider: str, encoding: str, collation: str, locale: str | None) -> DatabaseLocale:
    """``provider`` is pg_database's letter, or the word of CREATE DATABASE."""
    if provider in {"c", "libc"}:
        return DatabaseLocale(encoding, collation)
    word = {"i": "icu", "b": "builtin"}.get(provider, provider)
    return DatabaseLocale(encoding, f"{word} {locale or collation}")


def locale_of_archive(entries: Iterable[TocEntry]) -> DatabaseLocale | None:
    """That of the database an archive is of; None where pg_dump does not say."""
    definition = next((entry.definition for entry in entries if entry.kind == "DATABASE"), "")
    options = {name: text or word for name, text, word in _OPTION.findall(definition)}
    collation = options.get("LC_COLLATE") or options.get("LOCALE")
    if "ENCODING" not in options or collation is None:
        return None
    locale = options.get("ICU_LOCALE") or options.get("BUILTIN_LOCALE")
    return database_locale(options.get("LOCALE_PROVIDER", "libc"), options["ENCODING"], collation, locale)


def _plain(collation: str) -> str:
    return collation.lower().replace("-", "")
