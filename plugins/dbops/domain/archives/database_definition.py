"""How to create a database like another, from pg_dump's own CREATE DATABASE of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.database_settings import quote_name

_CREATED = re.compile(r'^CREATE DATABASE ((?:"(?:[^"]|"")*"|\S+)) ')
_TEMPLATE = "TEMPLATE = template0"
_LIBC = " LOCALE_PROVIDER = libc"
_FIRST_WITH_PROVIDERS = 15  # pg_dump 17 names libc for an older server's databases too, which that one does not know
# It comes last. Where a database lies is for the server that it is restored to.
_TABLESPACE = re.compile(r' TABLESPACE = ("(?:[^"]|"")*"|\S+)$')


def creation_options(entries: Iterable[TocEntry], *, major: int = _FIRST_WITH_PROVIDERS) -> tuple[str, str]:
    """What follows ``CREATE DATABASE <name>``: as the source was, and, where that locale is missing, as C sorts.

    ``major`` is the version of the server. The tablespace is left out: another server need not have it.
    """
    definition = next((entry.definition for entry in entries if entry.kind == "DATABASE"), "")
    _, found, options = definition.strip().rstrip(";").rpartition(f" WITH {_TEMPLATE}")
    as_it_was = f"{_TEMPLATE}{_TABLESPACE.sub('', options)}" if found else _TEMPLATE
    encoding = re.match(rf"{_TEMPLATE}(?: ENCODING = '[^']*')?", as_it_was)
    assert encoding is not None  # noqa: S101 - it begins with that
    as_c_sorts = f"{encoding[0]}{_LIBC} LOCALE = 'C'"
    if major < _FIRST_WITH_PROVIDERS:
        return as_it_was.replace(_LIBC, ""), as_c_sorts.replace(_LIBC, "")
    return as_it_was, as_c_sorts


def creation_statement(
    name: str,
    like: Iterable[TocEntry],
    *,
    owner: str | None,
    tablespace: str | None,
    major: int = _FIRST_WITH_PROVIDERS,
) -> str:
    """CREATE DATABASE as the source was, for that owner and in that tablespace, None for the server's choice."""
    options, _ = creation_options(like, major=major)
    place = f" TABLESPACE = {quote_name(tablespace)}" if tablespace is not None else ""
    whose = f" OWNER = {quote_name(owner)}" if owner is not None else ""
    return f"CREATE DATABASE {quote_name(name)} {options}{place}{whose}"


def property_statements(entries: Iterable[TocEntry]) -> tuple[str, ...]:
    """What gave the source's name its owner, settings, comment and grants: pg_restore leaves it to a new database's.

    They are for the source's name, as pg_dump wrote them.
    """
    found: list[str] = []
    for entry in entries:
        about = entry.kind in {"ACL", "COMMENT"} and entry.name.startswith("DATABASE ")
        if entry.kind == "DATABASE" and entry.owner:
            owned = _CREATED.match(entry.definition.strip())
            found += [f"ALTER DATABASE {owned[1]} OWNER TO {quote_name(entry.owner)};"] if owned else []
        elif about or entry.kind == "DATABASE PROPERTIES":
            lines = entry.definition.strip().splitlines()
            found += [line for line in lines if line and not line.startswith("--")]
    return tuple(found)
