"""SchemaSelection: which entries of an archive bring one schema back under a new name, and what of it stays behind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from dbops.domain.archives.selection import Selection, select
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import BackupManifest
from dbops.domain.restores.restored_rows import loaded_by_others
from dbops.domain.sql.object_names import unquoted
from dbops.domain.words.quantities import listed
from dbops.errors import PreflightFailed

_EXTENSION = "EXTENSION"
_TABLES = {"TABLE", "FOREIGN TABLE"}
_ATTACHES = {"TABLE ATTACH", "INDEX ATTACH"}
_ROWS = "TABLE DATA"
# They belong to a database, and two of a kind in one would do things twice.
_OF_A_DATABASE = {
    "PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "SUBSCRIPTION", "SUBSCRIPTION TABLE",
    "EVENT TRIGGER",
}  # fmt: skip
_LEFT_OUT = _OF_A_DATABASE | {"CAST", "TRANSFORM"}  # pg_dump of one schema has no casts either
_LARGE_OBJECTS = {"BLOB", "BLOBS", "BLOB METADATA"}
_USED = {
    *_TABLES, "VIEW", "MATERIALIZED VIEW", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "AGGREGATE", "SEQUENCE",
    "COLLATION", "OPERATOR", "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY",
}  # fmt: skip
_WITH_SCHEMA = re.compile(r' WITH SCHEMA ("(?:[^"]|"")+"|[^\s;]+)')


@dataclass(frozen=True)
class SchemaSelection:
    """``selection`` is what makes the schema whole on a server of its own; ``tables`` are the schema's, with rows.

    ``extensions`` are those that it needs itself, each with its schema. ``warnings`` name what does not come along.
    """

    selection: Selection
    tables: frozenset[tuple[str, str]]
    extensions: Mapping[str, str]
    warnings: tuple[str, ...]

    def needed_extensions(self, entries: Sequence[TocEntry]) -> set[str]:
        """The extensions without which the selection cannot be loaded."""
        return {
            entry.name for entry in entries if entry.kind == _EXTENSION and entry.dump_id in self.selection.dump_ids
        }

    def bytes_of(self, manifest: BackupManifest) -> int:
        """About what the schema takes on a server's disk, by its share of all rows' bytes."""
        whole = sum(table.bytes for table in manifest.tables)
        own = sum(table.bytes for table in manifest.tables if (table.schema, table.name) in self.tables)
        return manifest.database_bytes * own // whole if whole else manifest.database_bytes


def select_schema(entries: Sequence[TocEntry], schema: str, *, creatable: Collection[str]) -> SchemaSelection:
    """Choose a schema, with every extension that is ``creatable``: bodies of functions do not tell which they use.

    Raises ValueError where the archive has no such schema, and PreflightFailed where rows of it lie in another one.
    """
    chosen = select(entries, schemas=[schema])
    by_id = {entry.dump_id: entry for entry in entries}
    own = {entry.dump_id for entry in entries if entry.schema == schema or _is_schema(entry, schema)}
    _require_partitions_within(entries, by_id, schema)
    _require_loaded_within(entries, schema)
    needs = {dump_id for entry in own for dump_id in by_id[entry].depends_on if dump_id in by_id}
    needed = {by_id[dump_id].name: _schema_of(by_id[dump_id]) for dump_id in needs if by_id[dump_id].kind == _EXTENSION}
    dump_ids = set(chosen.dump_ids) | _with_needs(
        {entry.dump_id for entry in entries if entry.kind == _EXTENSION and entry.name in creatable}, by_id
    )
    dump_ids -= _dropped(entries, dump_ids)
    return SchemaSelection(
        Selection(frozenset(dump_ids), chosen.tables, chosen.left_out),
        frozenset(table for table in chosen.tables if table[0] == schema),
        needed,
        (*(f"Left out: {each}." for each in chosen.left_out), *_warnings(entries, by_id, own, schema)),
    )


def _is_schema(entry: TocEntry, schema: str) -> bool:
    return entry.kind == "SCHEMA" and entry.name == schema


def _schema_of(extension: TocEntry) -> str:
    match = _WITH_SCHEMA.search(extension.definition)
    return unquoted(match[1]) if match else ""


def _with_needs(dump_ids: set[int], by_id: Mapping[int, TocEntry]) -> set[int]:
    found = set(dump_ids)
    while more := {other for one in found for other in by_id[one].depends_on if other in by_id} - found:
        found |= more
    return found


def _dropped(entries: Sequence[TocEntry], chosen: Collection[int]) -> set[int]:
    """What belongs to the database, with what is said about it."""
    dropped = {entry.dump_id for entry in entries if entry.kind in _OF_A_DATABASE and entry.dump_id in chosen}
    return dropped | {
        entry.dump_id for entry in entries
        if entry.kind in {"COMMENT", "SECURITY LABEL"} and dropped.intersection(entry.depends_on)
    }  # fmt: skip


def _require_partitions_within(entries: Sequence[TocEntry], by_id: Mapping[int, TocEntry], schema: str) -> None:
    """pg_dump of one schema leaves the partitions out that lie in another one, and their rows with them."""
    for entry in entries:
        if entry.kind == "TABLE ATTACH" and entry.schema != schema:
            for other in (by_id[dump_id] for dump_id in entry.depends_on if dump_id in by_id):
                if other.schema == schema and other.kind in _TABLES:
                    raise PreflightFailed(
                        f"Table {other.schema}.{other.name} has a partition in another schema, "
                        f"{entry.schema}.{entry.name}, whose rows would stay behind.",
                        "Restore the table beside the live database, and copy from there.",
                    )


def _require_loaded_within(entries: Sequence[TocEntry], schema: str) -> None:
    """Rows that another schema's table distributes may end in partitions that are not of this one."""
    for own, root in loaded_by_others(entries).items():
        if own[0] == schema != root[0]:
            raise PreflightFailed(
                f"The rows of {'.'.join(own)} can only be loaded by a table of another schema, {'.'.join(root)}, which "
                "may put them into other partitions.",
                f"Restore {'.'.join(root)} beside the live database, and copy from there.",
            )


def _warnings(entries: Sequence[TocEntry], by_id: Mapping[int, TocEntry], own: Set[int], schema: str) -> Iterator[str]:
    for entry in entries:
        if entry.kind in _LEFT_OUT and own & set(entry.depends_on):
            name = entry.name if entry.name.startswith(entry.kind) else f"{entry.kind.lower()} {entry.name}"
            yield f"Left out: {name}, which belongs to the database and not to the schema."
    if used := _used_of_others(by_id, own, schema):
        yield f"Some of it uses {listed(used)}: those of the live database, as they are there now."
    if any(entry.kind in _LARGE_OBJECTS for entry in entries):
        yield "Left out: the backup's large objects, which belong to no schema."


def _used_of_others(by_id: Mapping[int, TocEntry], own: Set[int], schema: str) -> list[str]:
    used = set()
    for entry in (by_id[dump_id] for dump_id in own):
        for other in (by_id[dump_id] for dump_id in entry.depends_on if dump_id in by_id):
            is_other = other.kind in _USED and other.schema != schema
            # Only a child or a partition needs a table for its own definition, and it is parted from its parent.
            is_parent = entry.kind in _TABLES | _ATTACHES | {_ROWS} and other.kind in _TABLES
            if is_other and not is_parent and entry.kind != "FK CONSTRAINT":
                used.add(f"{other.schema}.{other.name}")
    return sorted(used)
