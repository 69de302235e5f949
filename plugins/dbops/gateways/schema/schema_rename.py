"""rename_schema: one schema of a throw-away database gets another name, and nothing of it leads out of it any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import quoted
from dbops.domain.words.quantities import listed
from dbops.errors import RestoreFailed
from dbops.gateways.server.connecting import connect, connect_as_application

_PARENTS = """
SELECT cn.nspname, c.relname, pn.nspname, p.relname, c.relispartition
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE cn.nspname = %s AND pn.nspname <> cn.nspname AND c.relkind IN ('r', 'p', 'f')
ORDER BY 1, 2, 3, 4
"""
_EXTENSIONS = """
SELECT extname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE nspname = %s ORDER BY e.oid
"""
# Not those of extensions, nor those whose body the server has parsed, which says what it means.
_FUNCTIONS = """
SELECT p.proname, coalesce(p.prosrc, '') || coalesce(array_to_string(p.proconfig, chr(10)), '')
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
WHERE n.nspname = %s AND p.prosqlbody IS NULL AND l.lanname NOT IN ('c', 'internal') AND p.prokind <> 'a'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1
"""
# PostgreSQL gives public its own first grants, and pg_dump tells only what differs from them: under another name,
# that would be too little.
_FORGET_FIRST_GRANTS = """
DELETE FROM pg_init_privs
WHERE classoid = 'pg_namespace'::regclass AND objoid = (SELECT oid FROM pg_namespace WHERE nspname = %s)
"""
_SHOWN = 8


def rename_schema(address: DatabaseAddress, schema: str, new_name: str) -> tuple[str, ...]:
    """Rename it as superuser, in one transaction; returns a sentence on each thing that is no longer as it was.

    Its extensions stay in a schema of the old name, where those of the live database are. Tables are parted from
    parents in other schemas: under the live ones, their rows would be in live tables. Raises RestoreFailed.
    """
    with _session(address, schema) as cursor:
        warnings = [*_part_from_parents(cursor, schema), *_unsure_functions(cursor, schema)]
        if new_name != schema:
            cursor.execute(_FORGET_FIRST_GRANTS, [schema])
            cursor.execute(_EXTENSIONS, [schema])
            extensions = [name for (name,) in cursor.fetchall()]
            old, new = sql.Identifier(schema), sql.Identifier(new_name)
            cursor.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(old, new))
            cursor.execute(sql.SQL("CREATE SCHEMA {}").format(old))
            for extension in extensions:
                _move_back(cursor, extension, schema)
        return tuple(warnings)


def creatable_extensions(address: DatabaseAddress, names: Collection[str]) -> set[str]:
    """Those of them that can really be made on a throw-away server, in a database that lacks them."""
    found = set()
    with closing(connect_as_application(address)) as connection:  # they come into the schema that it begins with
        for name in names:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE").format(sql.Identifier(name)))
            except psycopg2.Error:
                pass
            else:
                found.add(name)
            connection.rollback()
    return found


def _part_from_parents(cursor: Any, schema: str) -> Iterator[str]:
    cursor.execute(_PARENTS, [schema])
    for child_schema, child, parent_schema, parent, is_partition in cursor.fetchall():
        own, other = sql.Identifier(child_schema, child), sql.Identifier(parent_schema, parent)
        if is_partition:
            cursor.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(other, own))
        else:
            cursor.execute(sql.SQL("ALTER TABLE {} NO INHERIT {}").format(own, other))
        kind = "a partition of" if is_partition else "a child of"
        yield (
            f"Table {child} is no longer {kind} {parent_schema}.{parent}, because its rows would then be in a live "
            "table."
        )


def _unsure_functions(cursor: Any, schema: str) -> Iterator[str]:
    cursor.execute(_FUNCTIONS, [schema])
    functions = cursor.fetchall()
    named = re.compile(rf"""(?<![\w$"])(?:{re.escape(schema)}(?![\w$"])|{re.escape(quoted(schema))})""")
    old = list(dict.fromkeys(name for name, body in functions if named.search(body)))
    if old:
        yield f"Function bodies are text, and these name the old schema {schema}: {listed(old, named=_SHOWN)}."
    if functions:
        yield (
            f"Unqualified names in the bodies of its {len(functions)} functions are found by the search_path, "
            f"which may lead to {schema}."
        )


def _move_back(cursor: Any, extension: str, schema: str) -> None:
    """Also where it says that it cannot be moved, for its functions name the schema that it goes back to."""
    cursor.execute("UPDATE pg_extension SET extrelocatable = true WHERE extname = %s", [extension])
    move = sql.SQL("ALTER EXTENSION {} SET SCHEMA {}").format(sql.Identifier(extension), sql.Identifier(schema))
    cursor.execute(move)


@contextmanager
def _session(address: DatabaseAddress, schema: str) -> Iterator[Any]:
    try:
        with closing(connect(address)) as connection, connection, connection.cursor() as cursor:
            yield cursor
    except psycopg2.Error as error:
        said = str(error).strip().splitlines()
        raise RestoreFailed(
            f"Schema {schema} cannot be renamed: {said[0] if said else type(error).__name__}.",
            "Restore it beside the live database, under its own name, and copy from there.",
        ) from None
