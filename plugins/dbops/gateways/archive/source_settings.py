"""as_the_source: sessions that begin with the settings that an archive's database had."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from dbops.domain.archives.load_settings import load_settings, sayable
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.database_settings import Setting
from dbops.domain.servers.session_options import session_options
from dbops.gateways.server.sessions import reading

_TRIED = "SELECT pg_catalog.set_config(:name, :value, false)"
_TIMEOUT_MS = 60_000
# A value that it does not know, a name that an extension keeps for itself, what our role may not set.
_REFUSED = ("22", "42", "55", "F0")


@dataclass(frozen=True)
class SourceSettings:
    """``address`` leads to the same database as ``plain``, as sessions of the source began; ``left_out`` are names."""

    plain: DatabaseAddress
    settings: tuple[Setting, ...]
    left_out: tuple[str, ...] = ()

    @property
    def address(self) -> DatabaseAddress:
        """Where to load, to analyze and to compare."""
        return replace(self.plain, session_options=session_options(self.settings))

    def without(self, names: Collection[str]) -> SourceSettings:
        """The same, where another server that takes part does not take these."""
        kept = tuple(setting for setting in self.settings if setting.name not in names)
        return replace(self, settings=kept, left_out=tuple(dict.fromkeys((*self.left_out, *names))))


def as_the_source(address: DatabaseAddress, entries: Sequence[TocEntry]) -> SourceSettings:
    """Ask the server which of the archive's settings it takes: it would refuse each session that begins with others.

    Raises DatabaseError.
    """
    wanted = load_settings(entries)
    settings = sayable(wanted, entries)
    if settings:
        with reading(address, timeout_ms=_TIMEOUT_MS) as session:
            settings = tuple(setting for setting in settings if _takes(session, setting))
    left_out = tuple(setting.name for setting in wanted if setting not in settings)
    return SourceSettings(address, settings, left_out)


def _takes(session: Connection, setting: Setting) -> bool:
    try:
        with session.begin_nested():
            session.execute(text(_TRIED), {"name": setting.name, "value": setting.value})
    except DBAPIError as error:
        if not str(getattr(error.orig, "pgcode", None) or "").startswith(_REFUSED):
            raise
        return False
    return True
