"""Restore blockers: what makes a restore impossible, each as a sentence that says what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dbops.domain.archives.database_locale import DatabaseLocale
from dbops.domain.archives.reach import refusal_of_reach
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.restores.live_facts import LiveDatabase, ServerFacts
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.restores.role_blockers import role_blockers
from dbops.domain.servers.database_settings import quote_name
from dbops.domain.servers.major_version import major_version
from dbops.domain.words.quantities import format_bytes

_TEMPLATES = frozenset({"template0", "template1"})
_SLOTS = (
    "which would stay with the old database, so their readers would see no change in the new one: {}. Stop "
    "the connector, drop the slot, swap in a new run, and let the connector start with a new slot and a new "
    "snapshot. Or restore beside, and point the application there."
)
_SUBSCRIPTIONS = (
    "which would stay with the old database and keep writing to it: {}. DROP SUBSCRIPTION, swap in a new run, and "
    "subscribe again in the restored one. Or restore beside, and point the application there."
)
_PREPARED = (
    "which keep it from being renamed: {}. Run COMMIT PREPARED or ROLLBACK PREPARED, as their owner intended, and "
    "start a new run."
)


@dataclass(frozen=True, kw_only=True)
class RestoreConditions:
    """What was found out. ``database`` is to be loaded, and ``is_ours`` where this very run has made it.

    ``made_of`` is the name of the database that the backup is of, ``made_on`` its server version, ``extensions`` what
    it needs, ``entries`` what of it is restored, its owners and grants only with ``owners``; ``in_the_way`` is what a
    database to restore into has that an empty one has not, None where our role may not look. ``locale`` is that
    database's and ``made_with`` the backup's, None where it is not known. ``reach`` is what of the backup acts outside
    of its database. ``foreign_owner`` owns what is taken over, None where our role may rename it.
    """

    request: RestoreRequest
    server: ServerFacts
    live_name: str
    live: LiveDatabase | None
    database: str
    before: str | None
    is_ours: bool
    made_of: str
    made_on: str
    extensions: Collection[str]
    entries: Collection[TocEntry]
    owners: bool
    in_the_way: tuple[str, ...] | None
    locale: DatabaseLocale | None
    made_with: DatabaseLocale | None
    needed_bytes: int
    free_bytes: int | None
    reach: tuple[str, ...] = ()
    foreign_owner: str | None = None

    @property
    def is_of_another(self) -> bool:
        """Whether the backup is of a database of another name than the live one's."""
        return self.made_of != self.live_name


def restore_blockers(found: RestoreConditions) -> tuple[str, ...]:
    """Everything that stands in the way; empty where the restore can be done."""
    mode = found.request.mode
    place = {"beside": _beside, "swap": _beside, "into": _into, "schema": _schema}[mode]
    return (
        *((refusal_of_reach(found.reach),) if found.reach else ()),
        *_server(found),
        *role_blockers(found.entries, found.server, owners=found.owners),
        *place(found),
        *(_swap(found) if mode == "swap" else ()),
        *_disk(found),
    )


def _server(found: RestoreConditions) -> Iterator[str]:
    if found.server.is_replica:
        yield "The server is a replica, which accepts no writes: name its primary under restore.connection."
    if found.server.major < major_version(found.made_on):
        yield (
            f"The server is PostgreSQL {found.server.version}, older than the {found.made_on} that the backup was made "
            "on: restore onto one that is as new."
        )
    if missing := sorted(set(found.extensions) - found.server.extensions):
        yield f"The server lacks extensions that the backup needs: {', '.join(missing)}. Install them there first."


def _beside(found: RestoreConditions) -> Iterator[str]:
    if not found.server.may_create_databases:
        yield (
            f"The role {found.server.role} may not create databases: ALTER ROLE {quote_name(found.server.role)} "
            "CREATEDB, name another under restore.connection, or restore into an empty database, or into a schema."
        )
    if found.live and not found.live.may_lie_beside and not found.is_ours:
        yield (
            f"The role {found.server.role} may not create anything in the tablespace {found.live.tablespace}, which "
            f"holds the live database: GRANT CREATE ON TABLESPACE {quote_name(found.live.tablespace)} TO "
            f"{quote_name(found.server.role)}."
        )
    if found.database in found.server.databases and not found.is_ours:
        yield f"There is a database {found.database} already, and dbops never overwrites anything: start a new run."


def _into(found: RestoreConditions) -> Iterator[str]:
    if found.database == found.live_name:
        yield f"{found.database} is the live database: a restore never goes into it."
    elif found.database in _TEMPLATES | found.server.templates:
        yield (
            f"The database {found.database} is a template: every database created from it would contain what is "
            "restored into it. Create an empty one, and name that in a new run."
        )
    elif found.database not in found.server.databases:
        yield f"There is no database {found.database} on the server: create it, empty, and start a new run."
    elif found.in_the_way is None:
        yield f"Our role {found.server.role} may not read the database {found.database}, which has to be empty."
    elif found.in_the_way:
        yield (
            f"The database {found.database} is not empty: among others it has {', '.join(found.in_the_way)}. Name an "
            "empty one."
        )
    elif found.locale and found.made_with and found.locale.encoding != found.made_with.encoding:
        yield (
            f"The database {found.database} has the encoding {found.locale.encoding}, and the backup "
            f"{found.made_with.encoding}, so it could not become the same: recreate it from template0 with ENCODING "
            f"'{found.made_with.encoding}' and the collation {found.made_with.collation}."
        )


def _schema(found: RestoreConditions) -> Iterator[str]:
    if found.live is None:
        yield f"There is no database {found.live_name}, so no schema can be restored into it."


def _swap(found: RestoreConditions) -> Iterator[str]:
    live = found.live
    if found.foreign_owner is not None:
        yield _may_not_rename(found, found.database, found.foreign_owner)
    if live is None:
        return
    if found.is_of_another:
        yield (
            f"The backup is of the database {found.made_of}, and the target's connection leads to {found.live_name}, "
            "which a swap would replace by it: find out where that connection leads. If it is right, because the "
            "database was renamed, restore beside, and rename by hand."
        )
    if found.before in found.server.databases:
        yield f"There is a database {found.before} already: start a new run."
    if not live.may_rename:
        yield _may_not_rename(found, found.live_name, live.settings.owner)
    for kind, names, why in (
        ("logical replication slots", live.slots, _SLOTS),
        ("subscriptions", live.subscriptions, _SUBSCRIPTIONS),
        ("prepared transactions", live.prepared, _PREPARED),
    ):
        if names:
            yield f"The live database has {kind}, {why.format(', '.join(names))}"


def _may_not_rename(found: RestoreConditions, database: str, owner: str) -> str:
    return (
        f"The role {found.server.role} may not rename {database}: it must be a member of its owner {owner}, with "
        "CREATEDB; name such a role under restore.connection."
    )


def _disk(found: RestoreConditions) -> Iterator[str]:
    if found.free_bytes is not None and found.free_bytes < found.needed_bytes:
        yield (
            f"The server has about {format_bytes(found.free_bytes)} of its restore.disk_size free, and the restore "
            f"needs {format_bytes(found.needed_bytes)}: drop what is not needed, or enlarge the disk."
        )
