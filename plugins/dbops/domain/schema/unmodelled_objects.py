"""Unmodelled objects: what a SchemaBaseline does not know, compared by what pg_dump writes of it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dbops.domain.archives.schema_comparison import schema_of
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.ledger.table import LEDGER
from dbops.domain.schema.object_differences import Difference
from dbops.domain.schema.whole_schema import WholeSchema
from dbops.domain.sql.object_names import TableName, written
from dbops.domain.words.severity import Severity

# Whose something is, and who may do what; also passwords for other servers.
_OF_ROLES = {"ACL", "DEFAULT ACL", "USER MAPPING"}
# Settings of the dump's own session.
_SESSION = {"ENCODING", "STDSTRINGS", "SEARCHPATH"}
# Whether these are there the catalog tells; here only what it does not know of them is compared. A partition that is
# there on one side only is no difference, as in the checks.
_IN_CATALOG = {
    "TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW", "INDEX", "CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT",
    "TRIGGER", "DEFAULT", "TABLE ATTACH", "INDEX ATTACH",
}  # fmt: skip
_WITH_COLUMNS = {"TABLE", "FOREIGN TABLE"}
_TABLES = {"TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW"}
# They change how fast a query is or what people read of an object, never what a query answers or who may ask it.
_WARNINGS = {"COMMENT", "SECURITY LABEL", "STATISTICS", "INDEX", "PUBLICATION", "PUBLICATION TABLE",
             "PUBLICATION TABLES IN SCHEMA", "SUBSCRIPTION", "SUBSCRIPTION TABLE"}  # fmt: skip
_ENUM = " AS ENUM ("
# Of a table's lines, those of how it is stored.
_PHYSICAL = re.compile(
    r"\)?$|WITH \("
    r"|ALTER TABLE .* (?:SET (?:STORAGE|STATISTICS|COMPRESSION) |SET \(|REPLICA IDENTITY |CLUSTER ON )"
)
_NAMED = re.compile(r'^(.*?)CONSTRAINT (?:"(?:[^"]|"")+"|\w+) (CHECK|NOT NULL)')

_Key = tuple[str, str, str]


def object_differences(expected: WholeSchema, live: WholeSchema, *, told: Sequence[str]) -> Iterator[Difference]:
    """A difference for each object, in order of kinds and names; ``told`` are the subjects of errors that are known.

    An extension that is there beside those that the migrations need is a warning: providers install some.
    """
    wanted, found = _Side(expected), _Side(live)
    for key in sorted(wanted.texts.keys() | found.texts.keys()):
        kind, schema, name = key
        subject = f"{schema}.{name}" if schema else name  # pg_dump's own words, with arguments or quotes in them
        what = f"the {kind.lower()} {subject}"
        if wanted.texts.get(key) == found.texts.get(key):
            continue
        if key not in found.texts:
            if not (kind in _IN_CATALOG or wanted.goes_with_a_table(key, found)):
                yield Difference("missing_object", subject, f"{what} is missing", severity=_severity(kind))
        elif key not in wanted.texts:
            if not (kind in _IN_CATALOG or found.goes_with_a_table(key, wanted)):
                severity = "warning" if kind == "EXTENSION" else _severity(kind)
                yield Difference("extra_object", subject, f"{what} is in no migration", severity=severity)
        elif not _is_told(wanted.tables_of(key) or [subject], told):
            severity = _severity(kind)
            if kind in _WITH_COLUMNS and _is_only_stored_otherwise(wanted.texts[key], found.texts[key]):
                severity = "warning"
            yield Difference(
                "changed_object", subject, f"{what} is defined otherwise than by the migrations", severity=severity
            )


class _Side:
    """What is compared of one side: the texts of each object, sorted."""

    def __init__(self, schema: WholeSchema) -> None:
        self._entries: dict[_Key, list[TocEntry]] = defaultdict(list)
        self._by_id = {entry.dump_id: entry for entry in schema.entries}
        for entry in _compared(schema):
            self._entries[entry.kind, entry.schema, entry.name].append(entry)
        self.texts = {key: sorted(map(_normal, entries)) for key, entries in self._entries.items()}

    def _tables(self, entries: Iterable[TocEntry]) -> Iterator[_Key]:
        """The tables that objects hang on, also by way of a sequence of their own."""
        for entry in entries:
            for other in (self._by_id[one] for one in entry.depends_on if one in self._by_id):
                if other.kind in _TABLES:
                    yield other.kind, other.schema, other.name
                elif other.kind == "SEQUENCE" and entry.kind == "SEQUENCE OWNED BY":
                    yield from self._tables([other])

    def tables_of(self, key: _Key) -> list[str]:
        """The same, and itself where it is one, as people write them."""
        keys = [key] if key[0] in _TABLES else self._tables(self._entries[key])
        return [written(schema, name) for _, schema, name in keys] if key[0] in _IN_CATALOG else []

    def goes_with_a_table(self, key: _Key, other: _Side) -> bool:
        """Whether it hangs on a table that only this side has, which is told already."""
        return any(table not in other.texts for table in self._tables(self._entries[key]))


def _compared(schema: WholeSchema) -> Iterator[TocEntry]:
    enums: Mapping[TableName, object] = schema.catalog.enums
    for entry in described(schema.entries):
        if not (entry.kind == "TYPE" and (entry.schema, entry.name) in enums and _ENUM in entry.definition):
            yield entry


def described(entries: Sequence[TocEntry]) -> Iterator[TocEntry]:
    """The entries of what migrations make: no settings of a session, no owners and grants, not the ledger."""
    for entry in schema_of(entries_without_ledger(entries)):
        if not (entry.kind in _OF_ROLES | _SESSION or _is_public(entry) or _is_about_extension(entry)):
            yield entry


def entries_without_ledger(entries: Sequence[TocEntry]) -> list[TocEntry]:
    """The entries without the ledger's table and what hangs on it."""
    ledgers = {entry.dump_id for entry in entries if entry.kind == "TABLE" and entry.name == LEDGER}
    return [entry for entry in entries if entry.dump_id not in ledgers and ledgers.isdisjoint(entry.depends_on)]


def _is_public(entry: TocEntry) -> bool:
    # pg_dump names it where its owner or grants were changed; it is there in any database.
    return (entry.kind, entry.name) in {("SCHEMA", "public"), ("COMMENT", "SCHEMA public")}


def _is_about_extension(entry: TocEntry) -> bool:
    return entry.kind == "COMMENT" and entry.name.startswith("EXTENSION ")  # its version's own words


def _normal(entry: TocEntry) -> str:
    """The definition; a table's lines in order of the alphabet, because the order of columns means nothing.

    What its constraints are called the catalog knows.
    """
    if entry.kind not in _WITH_COLUMNS:
        return entry.definition
    lines = (line.strip().rstrip(",;") for line in entry.definition.splitlines())
    return "\n".join(sorted(_NAMED.sub(r"\1\2", line) for line in lines))


def _is_only_stored_otherwise(wanted: Sequence[str], found: Sequence[str]) -> bool:
    mine, theirs = (Counter("\n".join(texts).splitlines()) for texts in (wanted, found))
    return all(_PHYSICAL.match(line) for line in (mine - theirs) | (theirs - mine))


def _severity(kind: str) -> Severity:
    return "warning" if kind in _WARNINGS else "error"


def _is_told(subjects: Sequence[str], told: Sequence[str]) -> bool:
    return any(one == subject or one.startswith(f"{subject}.") for subject in subjects for one in told)
