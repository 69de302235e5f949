"""The checklist before a migration: the backup, the disk, the sessions, the server, and what our role may do there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from dbops.domain.backups.catalog import Catalog
from dbops.domain.health.connections import CONNECTIONS
from dbops.domain.health.item import HealthItem
from dbops.domain.health.replication import REPLICAS
from dbops.domain.health.sessions import SessionLimits
from dbops.domain.migrations.facts import MigrationFacts
from dbops.domain.migrations.plan import ChecklistItem
from dbops.domain.migrations.planned import PlannedMigration, TakenLock
from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.sql.object_names import TableName, in_sql, written
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_bytes, format_duration, listed

Status = Literal["ok", "warning", "blocker"]

_NEXT_TO_NOTHING = 64 * 1024**2  # bytes: four files of write-ahead log, which come and go on any server
_SMALL_PART = 0.01  # of what the server's databases have
_INDEX_BUILDS = {"ShareLock", "ShareUpdateExclusiveLock"}
_REFERS = "ShareRowExclusiveLock"
_WRITES = "RowExclusiveLock"


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What was found out. ``catalog`` is the sentence why not where it could not be read.

    ``scratch_notes`` is what the scratch server does otherwise than the target's, ``pooler_hint`` why the connection
    looks like one through a pooler.
    """

    target: Target
    facts: MigrationFacts
    ledger_table: tuple[str, str]
    migrations: Sequence[PlannedMigration]
    catalog: Catalog | str
    health: Sequence[HealthItem]
    now: datetime
    scratch_notes: Sequence[str] = ()
    pooler_hint: str | None = None


def session_limits(options: MigrationOptions) -> SessionLimits:
    """From when on a transaction is in the way: when it is open for longer than a lock would be waited for."""
    return SessionLimits(open_seconds=(options.tries * options.lock_timeout).total_seconds())


def checklist(found: Conditions) -> tuple[ChecklistItem, ...]:
    """Each thing to be seen to, whatever its status."""
    return (
        _server(found),
        _writable(found.facts),
        _privileges(found),
        _pooler(found.pooler_hint),
        _backup(found),
        _disk(found),
        *_sessions(found),
    )


def _server(found: Conditions) -> ChecklistItem:
    """Another version on scratch is a warning: what was proven there holds here in all but rare cases."""
    version = f"PostgreSQL {found.facts.server_version}."
    if found.scratch_notes:
        remedy = "Let drill.connection name a server like the target's, or install PostgreSQL of its version."
        return _item("server", "warning", f"{version} {' '.join(found.scratch_notes)}", remedy)
    return _item("server", "ok", f"{version} The migrations were tried on the same.")


def _writable(facts: MigrationFacts) -> ChecklistItem:
    """A blocker: nothing can be written at all."""
    if facts.is_replica:
        return _item(
            "read and write",
            "blocker",
            f"{facts.database} is a replica, which only reads.",
            "Let the connection name the primary server.",
        )
    if facts.refuses_writes:
        return _item(
            "read and write",
            "blocker",
            f"Transactions of {facts.role} in {facts.database} are read-only (default_transaction_read_only).",
            "See who has set that: for our role, or a provider whose disk is full; undo it, or name another role.",
        )
    return _item("read and write", "ok", f"{facts.database} is a primary, and takes writes.")


def _privileges(found: Conditions) -> ChecklistItem:
    """What our role may not do is a blocker, for the migration would stop half-way."""
    facts, missing = found.facts, list(_missing(found))
    if not missing:
        return _item("privileges", "ok", f"{facts.role} may do all that is planned.")
    sentences, remedies = zip(*missing, strict=True)
    return _item("privileges", "blocker", f"Our role {facts.role} {listed(sentences)}.",
                 f"{' '.join(dict.fromkeys(remedies))} Or name one that may under migrations.connection.")  # fmt: skip


def _missing(found: Conditions) -> Iterator[tuple[str, str]]:
    facts, (schema, _), role = found.facts, found.ledger_table, in_sql(found.facts.role)
    if not found.migrations:
        return
    if facts.may_write_ledger is False:
        grant = f"GRANT SELECT, INSERT, UPDATE ON {in_sql(*found.ledger_table)} TO {role};"
        yield f"may not write the ledger {written(*found.ledger_table)}", grant
    schemas = {schema} if facts.may_write_ledger is None else set()
    schemas |= {one.table[0] for one in _locks(found) if one.mode in _INDEX_BUILDS}
    for name in sorted(schemas - facts.may_create):
        yield f"may create nothing in the schema {name}", f"GRANT CREATE ON SCHEMA {in_sql(name)} TO {role};"
    for table in sorted({one.table for one in _locks(found)} & facts.foreign.keys()):
        modes = {one.mode for one in _locks(found) if one.table == table}
        owner, may_refer = facts.foreign[table].owner, facts.foreign[table].may_refer
        # To write rows, or to refer to a table, a grant is enough; everything else is for the owner.
        if not (modes <= {_WRITES} or (may_refer and modes <= {_WRITES, _REFERS, "RowShareLock"})):
            yield f"does not own {written(*table)}, which is {owner}'s", f"GRANT {in_sql(owner)} TO {role};"


def _locks(found: Conditions) -> list[TakenLock]:
    return [lock for migration in found.migrations for lock in migration.locks]


def _pooler(hint: str | None) -> ChecklistItem:
    """A warning, for it is a guess; one that is known to be a pooler is refused before there is a plan."""
    if hint is None:
        return _item("pooler", "ok", "The connection does not look like one through a pooler.")
    return _item("pooler", "warning", hint, "Give the connection the direct URL: Prisma's lock belongs to a session.")


def _backup(found: Conditions) -> ChecklistItem:
    """One that is too old is a warning, as a fresh one is made before anything is applied.

    None at all is a blocker: what never worked may fail in the hour of need. So is a bucket that cannot be looked at.
    """
    name, target, options = "backup", found.target, found.target.migrations
    if isinstance(found.catalog, str):
        return _item(name, "blocker", f"The backups cannot be looked at: {found.catalog}", "Fix that first.")
    good = [entry for entry in found.catalog.entries if entry.is_good]
    if not good:
        return _item(
            name,
            "blocker",
            f"There is no good backup of {target.name}.",
            f"Make one first: `python -m dbops backup {target.name}`.",
        )
    newest = good[-1].backup_id
    age, limit = found.now - newest.time, options.max_backup_age or target.alerts.late_after
    told = f"The newest good backup is {newest}, {format_duration(max(age, timedelta()))} old"
    if age > limit:
        return _item(
            name,
            "warning",
            f"{told}, older than {format_duration(limit)}.",
            f"A fresh one is made before anything is applied; see all the same why backup__{target.name} made none.",
        )
    if found.catalog.last_proof is None:
        return _item(
            name,
            "warning",
            f"{told}; no backup of {target.name} was ever restored for the proof.",
            f"`python -m dbops drill {target.name}` does that.",
        )
    return _item(name, "ok", f"{told}.")


def _disk(found: Conditions) -> ChecklistItem:
    """Warnings: what is needed is only known to be less than the tables that are built upon or written anew.

    None where that is next to nothing: then a disk that cannot take it is full without us.
    """
    name, size = "disk", found.target.restore.disk_size
    needed = sum(_built_upon(found.migrations).values())
    if not needed:
        return _item(name, "ok", "Nothing is built or rewritten, so no more than usual is needed.")
    told = f"At most about {format_bytes(needed)} more are needed for a while"
    if size is None and needed <= max(_NEXT_TO_NOTHING, found.facts.bytes_of_all * _SMALL_PART):
        held = f"beside {format_bytes(found.facts.bytes_of_all)} that the server's databases have"
        return _item(name, "ok", f"{told}, {held}; how much is free is not known, because SQL cannot ask.")
    if size is None:
        return _item(
            name,
            "warning",
            f"{told}; how much is free is not known, because SQL cannot ask.",
            "Look at the server's disk; with restore.disk_size a plan knows how large it is.",
        )
    free = max(0, size - found.facts.bytes_of_all)
    if free < needed:
        return _item(
            name,
            "warning",
            f"{told}, and about {format_bytes(free)} of restore.disk_size are free.",
            "Enlarge the disk first, or see that nothing of that size is built: a full disk stops the server.",
        )
    return _item(name, "ok", f"{told}, and about {format_bytes(free)} are free.")


def _built_upon(migrations: Sequence[PlannedMigration]) -> Mapping[TableName, int]:
    """The tables of which an index may be built or that may be written anew, each with its size."""
    modes = {"AccessExclusiveLock", *_INDEX_BUILDS}
    return {lock.table: lock.bytes for one in migrations for lock in one.locks if lock.mode in modes}


def _sessions(found: Conditions) -> Iterator[ChecklistItem]:
    """Warnings: they pass, and no lock is waited for longer than the target allows."""
    limits = session_limits(found.target.migrations)
    names = (limits.longest.name, limits.idle.name, limits.blocked.name, REPLICAS.name, CONNECTIONS.name)
    by_name = {item.name: item for item in found.health}
    for item in (by_name[name] for name in names if name in by_name):
        told = f"{item.value} (well: {item.threshold})."
        yield _item(item.name, "ok" if item.status == "ok" else "warning", told[:1].upper() + told[1:], item.remedy)


def _item(name: str, status: Status, sentence: str, remedy: str = "") -> ChecklistItem:
    return ChecklistItem(name=name, status=status, sentence=sentence, remedy=remedy)
