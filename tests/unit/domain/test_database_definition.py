"""Promise: a database is created like the source, as far as another server can."""

from __future__ import annotations

import pytest

from dbops.domain.database_definition import creation_options
from dbops.domain.toc_entry import TocEntry

EXAMPLES = {
    "as pg_dump 17 writes it": (
        "CREATE DATABASE a WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'de_AT.UTF-8';",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'de_AT.UTF-8'",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C'",
    ),
    "with two locales": (
        "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'LATIN1' LC_COLLATE = 'C' LC_CTYPE = 'de_AT';\n\n\n",
        "TEMPLATE = template0 ENCODING = 'LATIN1' LC_COLLATE = 'C' LC_CTYPE = 'de_AT'",
        "TEMPLATE = template0 ENCODING = 'LATIN1' LOCALE_PROVIDER = libc LOCALE = 'C'",
    ),
    "with a name that looks like the rest": (
        "CREATE DATABASE \"a WITH TEMPLATE = template0\" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C';\n",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C'",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C'",
    ),
    "in a tablespace": (
        "CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C' TABLESPACE = \"fast disk\";\n",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C'",
        "TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C'",
    ),
}


@pytest.mark.parametrize(("definition", "as_it_was", "as_c_sorts"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_encoding_and_locale_are_the_sources_and_the_encoding_stays_where_the_locale_cannot(
    definition: str, as_it_was: str, as_c_sorts: str
) -> None:
    entry = TocEntry(dump_id=1, kind="DATABASE", schema="", name="shop", definition=definition)

    assert creation_options([entry]) == (as_it_was, as_c_sorts)


def test_where_the_archive_does_not_say_the_servers_own_is_taken() -> None:
    as_it_was, as_c_sorts = creation_options([])

    assert as_it_was == "TEMPLATE = template0"
    assert as_c_sorts == "TEMPLATE = template0 LOCALE_PROVIDER = libc LOCALE = 'C'"
