"""preflight: is everything a backup needs in place? Asked before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dbops.domain.archives.split_reading import SplitReading, TableName, plan_split_reading
from dbops.domain.backups.lacks import Lacks
from dbops.domain.options.backup import BackupOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.relation_pattern import RelationPattern
from dbops.domain.target import Target
from dbops.domain.words.quantities import listed
from dbops.errors import PreflightFailed
from dbops.gateways.processes.programs import Program, find_pg_dump
from dbops.gateways.server.database import Database, DatabaseFacts, DumpedRelation
from dbops.gateways.split_dump.split_dump import is_splittable
from dbops.jobs.backups.replica import ReplicaFacts, look_at_replica

_NAMES_SHOWN = 10
_RANGES_OF_PAGES_SINCE = 14


@dataclass(frozen=True)
class Readiness:
    """What the preflight found out, for the work that follows; ``replica`` where the server is one.

    What a backup ``lacks`` is no reason to make none.
    """

    facts: DatabaseFacts
    program: Program
    sizes: dict[TableName, int]
    split: SplitReading | None
    replica: ReplicaFacts | None
    lacks: Lacks


def preflight(target: Target, address: DatabaseAddress, programs: Path | None) -> Readiness:
    """Prove that the tables can be dumped whole from here; raises PreflightFailed or DatabaseError where not."""
    address.require_direct(target.connection)
    database = Database(address)
    facts = database.facts()
    relations = [relation for relation in database.dumped_relations() if not _is_left_out(relation, target.backup)]
    _require_readable(relations, target)
    _require_readable_large_objects(database.unreadable_large_objects(), target)
    program = find_pg_dump(programs, facts.server_major)
    sizes = {(relation.schema, relation.name): relation.bytes for relation in relations if not relation.is_sequence}
    split = _split_reading(relations, sizes, facts, program, target.backup)
    replica = look_at_replica(database, relations, target) if facts.is_replica else None
    return Readiness(facts, program, sizes, split, replica, database.lacks())


def _split_reading(
    relations: Iterable[DumpedRelation],
    sizes: dict[TableName, int],
    facts: DatabaseFacts,
    program: Program,
    options: BackupOptions,
) -> SplitReading | None:
    """Which tables to read over several connections; None where pg_dump alone does as well, or psql is missing."""
    if facts.server_major < _RANGES_OF_PAGES_SINCE or not program.sibling("psql").is_file():
        return None
    no_data = [RelationPattern.of_table(text) for text in options.exclude_table_data]
    among = [
        (relation.schema, relation.name)
        for relation in relations
        if relation.has_plain_pages
        and not (facts.is_replica and relation.is_unlogged)
        and is_splittable(relation.schema, relation.name, facts.encoding)
        and not any(pattern.matches(relation.schema, relation.name) for pattern in no_data)
    ]
    return plan_split_reading(sizes, jobs=options.jobs, above=options.split_above, among=among)


def _is_left_out(relation: DumpedRelation, options: BackupOptions) -> bool:
    patterns = [RelationPattern.of_schema(text) for text in options.exclude_schemas]
    patterns += [RelationPattern.of_table(text) for text in options.exclude_tables]
    return any(pattern.matches(relation.schema, relation.name) for pattern in patterns)


def _require_readable(relations: Iterable[DumpedRelation], target: Target) -> None:
    no_data = [RelationPattern.of_table(text) for text in target.backup.exclude_table_data]
    unreadable, hidden = [], []
    for relation in relations:
        name = f"{relation.schema}.{relation.name}"
        if not relation.readable:
            unreadable.append(name)
        elif relation.hides_rows and not any(pattern.matches(relation.schema, relation.name) for pattern in no_data):
            hidden.append(name)
    if unreadable:
        raise PreflightFailed(
            f"The role of connection {target.connection} may not read {listed(unreadable, named=_NAMES_SHOWN)}: a "
            "backup would be incomplete.",
            "GRANT pg_read_all_data TO that role, or leave them out with backup.exclude_tables.",
        )
    if hidden:
        raise PreflightFailed(
            f"Row-level security would hide rows of {listed(hidden, named=_NAMES_SHOWN)} from the role of connection "
            f"{target.connection}.",
            "ALTER ROLE ... BYPASSRLS for that role, or connect as the tables' owner.",
        )


def _require_readable_large_objects(unreadable: list[int], target: Target) -> None:
    if unreadable:
        raise PreflightFailed(
            f"The role of connection {target.connection} may not read {len(unreadable)} large objects: "
            f"{listed([str(oid) for oid in unreadable], named=_NAMES_SHOWN)}.",
            "GRANT SELECT ON LARGE OBJECT ... to that role; pg_read_all_data does not cover them.",
        )
