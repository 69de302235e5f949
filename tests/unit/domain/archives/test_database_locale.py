"""Promise: the encoding and the collation of a backup's database are read as pg_dump of each version writes them."""

from __future__ import annotations

import pytest

from dbops.domain.archives.database_locale import DatabaseLocale, database_locale, locale_of_archive
from dbops.domain.archives.toc_entry import TocEntry


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ("ENCODING = 'UTF8' LOCALE = 'C.UTF-8'", DatabaseLocale("UTF8", "C.UTF-8")),
        ("ENCODING = 'LATIN1' LC_COLLATE = 'de_DE' LC_CTYPE = 'C'", DatabaseLocale("LATIN1", "de_DE")),
        ("ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C'", DatabaseLocale("UTF8", "C")),
        (
            "ENCODING = 'UTF8' LOCALE_PROVIDER = icu LOCALE = 'en_US.UTF-8' ICU_LOCALE = 'de'",
            DatabaseLocale("UTF8", "icu de"),
        ),
        (
            "ENCODING = 'UTF8' LOCALE_PROVIDER = builtin LOCALE = 'C' BUILTIN_LOCALE = 'C.UTF-8'",
            DatabaseLocale("UTF8", "builtin C.UTF-8"),
        ),
        ("", None),
        ("LOCALE = 'C'", None),
        ("ENCODING = 'UTF8'", None),
    ],
)
def test_as_pg_dump_writes_it(options: str, read: DatabaseLocale | None) -> None:
    made = f"CREATE DATABASE shop WITH TEMPLATE = template0 {options};\n"

    assert locale_of_archive([TocEntry(dump_id=1, kind="DATABASE", schema="", name="shop", definition=made)]) == read
    assert locale_of_archive([]) is None


@pytest.mark.parametrize(
    ("provider", "locale", "read"), [("c", None, "C.utf8"), ("i", "de", "icu de"), ("b", "C", "builtin C")]
)
def test_as_the_server_has_it(provider: str, locale: str | None, read: str) -> None:
    assert database_locale(provider, "UTF8", "C.utf8", locale) == DatabaseLocale("UTF8", read)


def test_systems_write_the_same_locale_in_different_ways() -> None:
    assert DatabaseLocale("UTF8", "en_US.UTF-8").sorts_as(DatabaseLocale("UTF8", "en_US.utf8"))
    assert not DatabaseLocale("UTF8", "en_US.UTF-8").sorts_as(DatabaseLocale("UTF8", "C"))
