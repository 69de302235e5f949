"""Restore warnings: what keeps nobody from restoring, and is to be known before anybody says yes to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbops.domain.archives.database_definition import property_statements
from dbops.domain.archives.load_settings import load_settings, set_otherwise
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.restores.blockers import RestoreConditions
from dbops.domain.restores.extent import RestoreExtent
from dbops.domain.words.quantities import format_count

_CODE = frozenset({"FUNCTION", "PROCEDURE", "AGGREGATE"})
_WRITTEN_INTO = (
    "Since it was loaded, anyone who can connect to it could write to it. The verification detects different tables, "
    "different row counts, and sequences with other values. It does not by itself detect a changed value: it warns "
    "about tables in which rows were changed, as far as the server has counted them. If anybody worked in it, load "
    "again."
)


def restore_warnings(
    found: RestoreConditions, extent: RestoreExtent, entries: Sequence[TocEntry], unreadable: str | None
) -> tuple[str, ...]:
    """In the order of a plan; ``entries`` are all of the archive, ``unreadable`` is why what is live is not shown."""
    return (
        *_of_another(found),
        *((_WRITTEN_INTO,) if found.request.takes_over else ()),
        *(_swap(found, entries) if found.request.mode == "swap" else ()),
        *(() if unreadable is None else (f"What is live now is not shown, because it cannot be read: {unreadable}",)),
        *(f"Left out: {left}." for left in extent.left_out),
        *_locale(found),
        *_detached(extent.subscriptions(entries)),
        *_run_as_superuser(found),
    )


def swap_without_owners(role: str | None = None) -> str:
    """What becomes of a database that is swapped in without its owners and grants."""
    whose = f"the role {role}" if role else "the role that restores"
    return (
        f"restore.owners is false: in the swapped database everything belongs to {whose}, and nobody else is granted "
        "anything, so the application may be refused. Set restore.owners: true and start a new run, or set its "
        "owners and grants before you approve the swap."
    )


def _of_another(found: RestoreConditions) -> Iterator[str]:
    if found.is_of_another and (found.request.mode != "swap" or found.live is None):  # else it is a blocker
        yield (
            f"The backup is of the database {found.made_of}, and the target's connection leads to {found.live_name}: "
            "if nobody has renamed it, find out where that connection leads before you use what is restored."
        )


def _swap(found: RestoreConditions, entries: Sequence[TocEntry]) -> Iterator[str]:
    role = found.server.role
    if found.live is not None:
        yield from _set_otherwise(found.live_name, set_otherwise(load_settings(entries), found.live.settings.settings))
    if found.live is None:
        of_the_name = property_statements(entries)
        listed = f" When the backup was made, they were: {' '.join(of_the_name)}" if of_the_name else ""
        yield (
            f"There is no database {found.live_name} whose owner, comment, settings and grants could be kept: the "
            f"restored one will belong to {role}, with a new database's defaults. Set what the application "
            f"needs.{listed}"
        )
    if not found.owners:
        yield swap_without_owners(role)


def _set_otherwise(live: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield (
            f"{live} has set {', '.join(names)} otherwise than when the backup was made. What is restored is loaded as "
            "it was set then, so that rows and materialized views are what they were, and has afterwards what is set "
            "now: REFRESH what depends on it after the swap."
        )


def _locale(found: RestoreConditions) -> Iterator[str]:
    if found.locale is None or found.made_with is None or found.locale.sorts_as(found.made_with):
        return
    yield (
        f"The database {found.database} sorts as {found.locale.collation}, and the backup's as "
        f"{found.made_with.collation}: results of sorting and comparing may differ there, and a constraint may "
        "refuse rows. If that matters, recreate it from template0 with that collation."
    )


def _run_as_superuser(found: RestoreConditions) -> Iterator[str]:
    own = sum(entry.kind in _CODE for entry in found.entries)
    if found.server.is_superuser and own:
        yield (
            f"The role {found.server.role} is a superuser, and the backup has {format_count(own, 'function')} of its "
            "own. If a constraint, an index or a view calls one, the restore runs it on this server as that "
            "superuser, whoever wrote it. Under restore.connection name a role that is not a superuser, unless you "
            "trust everybody who can create functions there, and everybody who can write to the bucket."
        )


def _detached(subscriptions: Sequence[str]) -> Iterator[str]:
    if subscriptions:
        yield (
            f"The backup holds subscriptions: {', '.join(subscriptions)}. They are restored disabled and without "
            "their slot, which belongs to the original. DROP SUBSCRIPTION before you drop the restored database; to "
            "use one, give it a slot of its own."
        )
