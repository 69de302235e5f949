"""RelationPattern: names schemas and tables in a target file, as in ``audit``, ``public.Usage*``, ``*.tmp_?``.

Case matters and nothing needs quoting; ``*`` and ``?`` are the only special characters. A table pattern without a dot
means that table in every schema.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass

_WILDCARD = re.compile(r"([*?])")


@dataclass(frozen=True)
class RelationPattern:
    """A pattern over schema and table names; ``table`` None names whole schemas."""

    schema: str
    table: str | None = None

    @classmethod
    def of_schema(cls, text: str) -> RelationPattern:
        """Read a pattern that names schemas."""
        return cls(text)

    @classmethod
    def of_table(cls, text: str) -> RelationPattern:
        """Read a pattern that names tables; the first dot ends the schema."""
        schema, dot, table = text.partition(".")
        return cls(schema, table) if dot else cls("*", text)

    def matches(self, schema: str, table: str) -> bool:
        """Whether that table is meant."""
        return _matches(self.schema, schema) and (self.table is None or _matches(self.table, table))

    @staticmethod
    def for_one_schema(schema: str) -> str:
        """Exactly that schema, in the pattern language of PostgreSQL's programs, which is an SQL identifier as well."""
        return _literal(schema)

    @staticmethod
    def for_one_table(schema: str, table: str) -> str:
        """Exactly that table, in the pattern language of PostgreSQL's programs."""
        return f"{_literal(schema)}.{_literal(table)}"

    def for_pg_dump(self) -> str:
        """The same in the pattern language of PostgreSQL's programs: literal parts quoted, so that case is kept."""
        return _quote(self.schema) if self.table is None else f"{_quote(self.schema)}.{_quote(self.table)}"


def _matches(pattern: str, name: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def _quote(pattern: str) -> str:
    parts = (part for part in _WILDCARD.split(pattern) if part)
    return "".join(part if part in "*?" else _literal(part) for part in parts)


def _literal(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
