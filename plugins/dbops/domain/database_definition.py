"""How to create a database like another, from pg_dump's own CREATE DATABASE of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbops.domain.database_settings import quote_name
from dbops.domain.toc_entry import TocEntry

_TEMPLATE = "TEMPLATE = template0"
_DEFAULT_TABLESPACE = "pg_default"
_TABLESPACE = re.compile(r' TABLESPACE = (?:"(?:[^"]|"")*"|\w+)$')


def creation_options(entries: Iterable[TocEntry]) -> tuple[str, str]:
    """What follows ``CREATE DATABASE <name>``: as the source was, and, where that locale is missing, as C sorts.

    The tablespace is left out: another server need not have it.
    """
    definition = next((entry.definition for entry in entries if entry.kind == "DATABASE"), "")
    statement = definition.strip().partition("\n")[0].rstrip(";")
    _, found, options = statement.rpartition(f" WITH {_TEMPLATE}")
    as_it_was = f"{_TEMPLATE}{_TABLESPACE.sub('', options)}" if found else _TEMPLATE
    encoding = re.match(rf"{_TEMPLATE}(?: ENCODING = '[^']*')?", as_it_was)
    assert encoding is not None  # noqa: S101 - it begins with that
    return as_it_was, f"{encoding[0]} LOCALE_PROVIDER = libc LOCALE = 'C'"


def create_statement(name: str, like: Iterable[TocEntry], *, owner: str | None, tablespace: str | None) -> str:
    """CREATE DATABASE as the source was, with the given owner and tablespace, where they are not to be the default."""
    options, _ = creation_options(like)
    # Who names the default one needs a privilege on it, and who does not name it gets it without.
    place = "" if tablespace is None or tablespace == _DEFAULT_TABLESPACE else f" TABLESPACE = {quote_name(tablespace)}"
    whose = "" if owner is None else f" OWNER = {quote_name(owner)}"
    return f"CREATE DATABASE {quote_name(name)} {options}{place}{whose}"
