"""Selection: which entries of an archive bring chosen schemas or tables back, with all they need."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.words.suggestion import did_you_mean

_TABLES = {"TABLE", "FOREIGN TABLE"}
_ROWS = "TABLE DATA"
_FOREIGN_KEY = "FK CONSTRAINT"
_SETTINGS = {"ENCODING", "STDSTRINGS", "SEARCHPATH"}
# These are named "<table> <their own name>": other tables that they mention do not own them.
_NAMED_BY_TABLE = {"DEFAULT", "CONSTRAINT", "CHECK CONSTRAINT", "TRIGGER", "RULE", "POLICY", "ROW SECURITY"}
# A partition is attached to its parent, not the parent to it.
_ATTACHES = {"TABLE ATTACH", "INDEX ATTACH"}
_BELONGS = {
    "ACL", "COMMENT", "SECURITY LABEL", "INDEX", "STATISTICS", "STATISTICS DATA", "SEQUENCE OWNED BY", "SEQUENCE SET",
    "MATERIALIZED VIEW DATA",
}  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """``dump_ids`` of the entries to restore, ``tables`` whose rows come along, and what of them stays behind."""

    dump_ids: frozenset[int]
    tables: frozenset[tuple[str, str]]
    left_out: tuple[str, ...] = ()


def select(entries: Sequence[TocEntry], *, schemas: Collection[str] = (), tables: Collection[str] = ()) -> Selection:
    """Choose whole schemas, and tables as ``schema.table`` or, where only one schema has it, ``table``.

    What they need comes along (types, functions, sequences, extensions; tables too, but without their rows), and what
    belongs to them (indexes, constraints, triggers, grants). A foreign key stays behind where the rows of its other
    table do. Raises ValueError naming what the archive does not hold.
    """
    archive = _Archive(entries)
    wanted = {entry.dump_id for entry in archive.of_schemas(schemas)}
    wanted |= {table.dump_id for text in tables for table in archive.tables_named(text)}
    chosen = set(wanted)
    while True:
        found = archive.needed_by(chosen) | archive.belonging_to(chosen, wanted)
        wanted |= archive.partitions_among(found, wanted)
        if found <= chosen:
            break
        chosen |= found
    settings = {entry.dump_id for entry in entries if entry.kind in _SETTINGS}
    keys = [entry for entry in entries if entry.kind == _FOREIGN_KEY and archive.owner(entry) in wanted]
    return Selection(
        frozenset(chosen | settings),
        frozenset((entry.schema, entry.name) for entry in entries if entry.kind == _ROWS and entry.dump_id in chosen),
        tuple(
            f"foreign key {entry.name}, whose other table is not restored"
            for entry in keys
            if entry.dump_id not in chosen
        ),
    )


class _Archive:
    def __init__(self, entries: Sequence[TocEntry]) -> None:
        self._entries = entries
        self._by_id = {entry.dump_id: entry for entry in entries}

    def of_schemas(self, schemas: Collection[str]) -> list[TocEntry]:
        known = {entry.schema for entry in self._entries if entry.schema}
        known |= {entry.name for entry in self._entries if entry.kind == "SCHEMA"}
        for schema in schemas:
            if schema not in known:
                raise ValueError(f"The backup has no schema {schema}. {did_you_mean(schema, known)}".strip())
        return [
            entry
            for entry in self._entries
            if (entry.schema in schemas and entry.kind not in _ATTACHES | {_FOREIGN_KEY, _ROWS})
            or (entry.kind == "SCHEMA" and entry.name in schemas)
        ]

    def tables_named(self, text: str) -> list[TocEntry]:
        tables = [entry for entry in self._entries if entry.kind in _TABLES]
        exact = [entry for entry in tables if f"{entry.schema}.{entry.name}" == text]
        found = exact or [entry for entry in tables if entry.name == text]
        names = [f"{entry.schema}.{entry.name}" for entry in found or tables]
        if not found:
            raise ValueError(f"The backup has no table {text}. {did_you_mean(text, names)}".strip())
        if len(found) > 1:
            raise ValueError(f"{text} could be {', '.join(names)}; write it with its schema.")
        return found

    def needed_by(self, chosen: Collection[int]) -> set[int]:
        """What the chosen entries depend on, as far as the archive has it."""
        needed = {other for dump_id in chosen for other in self._by_id[dump_id].depends_on}
        return {other for other in needed if other in self._by_id and self._by_id[other].kind != _ROWS}

    def belonging_to(self, chosen: Collection[int], wanted: Collection[int]) -> set[int]:
        """What belongs to chosen entries; rows only to those that are wanted for themselves."""
        return {entry.dump_id for entry in self._entries if self._belongs(entry, chosen, wanted)}

    def _belongs(self, entry: TocEntry, chosen: Collection[int], wanted: Collection[int]) -> bool:
        needs = [other for other in entry.depends_on if other in self._by_id]
        if entry.kind == _ROWS:
            return any(other in wanted for other in needs)
        if entry.kind == _FOREIGN_KEY:
            tables = [other for other in needs if self._by_id[other].kind in _TABLES]
            return bool(needs) and all(other in chosen for other in needs) and all(other in wanted for other in tables)
        if entry.kind in _NAMED_BY_TABLE | _ATTACHES:
            return self.owner(entry) in chosen
        return entry.kind in _BELONGS and any(other in chosen for other in needs)

    def partitions_among(self, found: Collection[int], wanted: Collection[int]) -> set[int]:
        """The partitions of wanted tables are wanted for themselves."""
        attached = [entry for entry in self._entries if entry.kind == "TABLE ATTACH" and entry.dump_id in found]
        return {
            other
            for entry in attached
            if self.owner(entry) in wanted
            for other in entry.depends_on
            if other in self._by_id and self._by_id[other].kind in _TABLES
        }

    def owner(self, entry: TocEntry) -> int | None:
        """The entry that this one belongs to, of those it depends on."""
        for other in entry.depends_on:
            owner = self._by_id.get(other)
            if owner is None:
                continue
            if entry.kind in _ATTACHES:
                if (owner.schema, owner.name) != (entry.schema, entry.name):
                    return other
            elif f"{entry.name} ".startswith(f"{owner.name} ") and owner.schema == entry.schema:
                return other
        return None
