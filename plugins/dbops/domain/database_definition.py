"""How to create a database like another, from pg_dump's own CREATE DATABASE of it."""

from __future__ import annotations

from collections.abc import Iterable

from dbops.domain.database_settings import quote_name
from dbops.domain.toc_entry import TocEntry

_TEMPLATE = "TEMPLATE = template0"
_DEFAULT_TABLESPACE = "pg_default"


def creation_options(entries: Iterable[TocEntry]) -> tuple[str, str]:
    """What follows ``CREATE DATABASE <name>``: as the source was, and, where that locale is missing, as C sorts."""
    definition = next((entry.definition for entry in entries if entry.kind == "DATABASE"), "")
    statement = definition.strip().partition("\n")[0].rstrip(";")
    _, _, options = statement.rpartition(f" WITH {_TEMPLATE}")
    as_it_was = f"{_TEMPLATE}{options}" if f" WITH {_TEMPLATE}" in statement else _TEMPLATE
    encoding = as_it_was.partition(" LOCALE")[0]
    return as_it_was, f"{encoding} LOCALE_PROVIDER = libc LOCALE = 'C'"


def create_statement(name: str, like: Iterable[TocEntry], *, owner: str | None, tablespace: str | None) -> str:
    """CREATE DATABASE as the source was, with the given owner and tablespace, where they are not to be the default."""
    options, _ = creation_options(like)
    # Who names the default one needs a privilege on it, and who does not name it gets it without.
    place = "" if tablespace is None or tablespace == _DEFAULT_TABLESPACE else f" TABLESPACE = {quote_name(tablespace)}"
    whose = "" if owner is None else f" OWNER = {quote_name(owner)}"
    return f"CREATE DATABASE {quote_name(name)} {options}{place}{whose}"
