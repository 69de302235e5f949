"""The SQL that would put a difference right, where that is safe to say: nothing that loses rows or holds a long lock.

What cannot be said safely is an empty text. Nobody runs these but a person who has read them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbops.domain.schema.baseline import DISABLED, Column, parent_of
from dbops.domain.sql.object_names import TableName, in_sql, quoted

_KEY = re.compile(r"(UNIQUE|PRIMARY KEY) (\([^()]*\))")
_NOT_VALID = " NOT VALID"


def index_made(definition: str, *, partitioned: bool) -> str:
    """Build an index without locking writes out; a partitioned table cannot have that in one statement."""
    if partitioned:
        return ""
    return re.sub(r"^CREATE (UNIQUE )?INDEX ", r"CREATE \1INDEX CONCURRENTLY ", definition) + ";"


def index_rebuilt(schema: str, name: str) -> str:
    """Build an invalid index anew; a unique one only succeeds once there are no duplicates."""
    return f"REINDEX INDEX CONCURRENTLY {in_sql(schema, name)};"


def index_dropped(schema: str, name: str) -> str:
    """Drop what a failed build has left."""
    return f"DROP INDEX CONCURRENTLY {in_sql(schema, name)};"


def index_renamed(schema: str, name: str, to: str) -> str:
    """Give an index its name back."""
    return f"ALTER INDEX {in_sql(schema, name)} RENAME TO {quoted(to)};"


def constraint_made(table: TableName, name: str, definition: str, *, partitioned: bool) -> str:
    """Add a constraint in two steps, of which the slow one locks nobody out."""
    alter, definition = f"ALTER TABLE {in_sql(*table)}", definition.removesuffix(DISABLED)
    if partitioned:
        return ""
    if key := _KEY.fullmatch(definition):
        return (
            f"CREATE UNIQUE INDEX CONCURRENTLY {quoted(name)} ON {in_sql(*table)} {key[2]};\n"
            f"{alter} ADD CONSTRAINT {quoted(name)} {key[1]} USING INDEX {quoted(name)};"
        )
    if not definition.startswith(("FOREIGN KEY ", "CHECK ")):
        return ""
    added = f"{alter} ADD CONSTRAINT {quoted(name)} {definition.removesuffix(_NOT_VALID)} NOT VALID;"
    return added if definition.endswith(_NOT_VALID) else f"{added}\n{constraint_validated(table, name)}"


def constraint_validated(table: TableName, name: str) -> str:
    """Have PostgreSQL look at the rows that were there before; fails where one breaks it."""
    return f"ALTER TABLE {in_sql(*table)} VALIDATE CONSTRAINT {quoted(name)};"


def constraint_renamed(table: TableName, name: str, to: str) -> str:
    """Give a constraint its name back."""
    return f"ALTER TABLE {in_sql(*table)} RENAME CONSTRAINT {quoted(name)} TO {quoted(to)};"


def default_set(table: TableName, name: str, wanted: Column, found: Column) -> str:
    """Give a column its default back; identity and generated columns are not made by a word."""
    if wanted.generated or found.generated:
        return ""
    change = "DROP DEFAULT" if wanted.default is None else f"SET DEFAULT {wanted.default}"
    return f"ALTER TABLE {in_sql(*table)} ALTER COLUMN {quoted(name)} {change};"


def nullability_set(table: TableName, name: str, wanted: Column) -> str:
    """Let a column take NULL, or refuse it: proven first by a constraint that is gone afterwards."""
    alter, column = f"ALTER TABLE {in_sql(*table)}", quoted(name)
    if wanted.nullable:
        return f"{alter} ALTER COLUMN {column} DROP NOT NULL;"
    proof = quoted(f"{name[:40]}_is_not_null")
    return (
        f"{alter} ADD CONSTRAINT {proof} CHECK ({column} IS NOT NULL) NOT VALID;\n"
        f"{alter} VALIDATE CONSTRAINT {proof};\n"
        f"{alter} ALTER COLUMN {column} SET NOT NULL;\n"
        f"{alter} DROP CONSTRAINT {proof};"
    )


def enum_made(enum: TableName, labels: Sequence[str]) -> str:
    """Create an enum."""
    return f"CREATE TYPE {in_sql(*enum)} AS ENUM ({', '.join(_text(label) for label in labels)});"


def label_added(enum: TableName, label: str, wanted: Sequence[str], found: Sequence[str]) -> str:
    """Add a label to an enum, where it stood."""
    before = [other for other in wanted[: wanted.index(label)] if other in found]
    after = [other for other in wanted[wanted.index(label) :] if other in found]
    place = f" AFTER {_text(before[-1])}" if before else f" BEFORE {_text(after[0])}" if after else ""
    return f"ALTER TYPE {in_sql(*enum)} ADD VALUE {_text(label)}{place};"


def trigger_made(definition: str) -> str:
    """Create a trigger; its function has to exist."""
    return "" if " DISABLED" in definition or " ENABLED " in definition else f"{definition};"


def trigger_enabled(table: TableName, name: str) -> str:
    """Let a trigger fire again."""
    return f"ALTER TABLE {in_sql(*table)} ENABLE TRIGGER {quoted(name)};"


def foreign_key_enabled(table: TableName, definition: str) -> str:
    """Let all triggers of both tables of a foreign key fire again, which takes a superuser."""
    tables = dict.fromkeys(one for one in (table, parent_of(definition)) if one is not None)
    return "\n".join(f"ALTER TABLE {in_sql(*one)} ENABLE TRIGGER ALL;" for one in tables)


def _text(label: str) -> str:
    return "'" + label.replace("'", "''") + "'"
