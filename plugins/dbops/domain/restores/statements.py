"""Restore statements: everything that a restore runs beside pg_restore's own, as its plan shows it."""

from __future__ import annotations

from collections.abc import Iterable

from dbops.domain.archives.database_definition import creation_statement
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.restores.live_facts import LiveDatabase
from dbops.domain.servers.database_settings import quote_name, settings_statements

# Where template0 lies, and so what is made from it. To ask for it by name takes a privilege that few roles have.
_DEFAULT = "pg_default"


def make_statement(
    database: str, like: Iterable[TocEntry], live: LiveDatabase | None, *, owners: bool, major: int
) -> str:
    """What makes the database to load into, on a server of that version.

    As the source was, and where and whose the live one is.
    """
    return creation_statement(
        database,
        like,
        owner=live.settings.owner if live and owners else None,
        tablespace=live.tablespace if live and live.tablespace != _DEFAULT else None,
        major=major,
    )


def swap_statements(live_name: str, database: str, before: str | None, live: LiveDatabase | None) -> tuple[str, ...]:
    """What one transaction runs to put the restored database into the live one's place."""
    if live is None or before is None:
        return rename_statements(live_name, database, None)
    return (*rename_statements(live_name, database, before), *settings_statements(live.settings, live_name))


def rename_statements(live_name: str, database: str, before: str | None) -> tuple[str, ...]:
    """The renames among them; ``before`` is None where there is no live database to be renamed."""
    into_place = f"ALTER DATABASE {quote_name(database)} RENAME TO {quote_name(live_name)}"
    aside = [f"ALTER DATABASE {quote_name(live_name)} RENAME TO {quote_name(before)}"] if before else []
    return (*aside, into_place)
