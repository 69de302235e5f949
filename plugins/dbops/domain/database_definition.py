"""How to create a database like another, from pg_dump's own CREATE DATABASE of it."""

from __future__ import annotations

from collections.abc import Iterable

from dbops.domain.toc_entry import TocEntry

_TEMPLATE = "TEMPLATE = template0"


def creation_options(entries: Iterable[TocEntry]) -> tuple[str, str]:
    """What follows ``CREATE DATABASE <name>``: as the source was, and, where that locale is missing, as C sorts."""
    definition = next((entry.definition for entry in entries if entry.kind == "DATABASE"), "")
    statement = definition.strip().partition("\n")[0].rstrip(";")
    _, _, options = statement.rpartition(f" WITH {_TEMPLATE}")
    as_it_was = f"{_TEMPLATE}{options}" if f" WITH {_TEMPLATE}" in statement else _TEMPLATE
    encoding = as_it_was.partition(" LOCALE")[0]
    return as_it_was, f"{encoding} LOCALE_PROVIDER = libc LOCALE = 'C'"
