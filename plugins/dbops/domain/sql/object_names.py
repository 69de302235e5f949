"""Names of tables and other objects: as SQL has them, and as people write them in a file."""

from __future__ import annotations

import re

TableName = tuple[str, str]  # schema and name, as the catalog has them

_PLAIN = re.compile(r'^[^."]+$')
_UNQUOTED = re.compile(r"^[a-z_][a-z0-9_$]*$")
_PART = re.compile(r'"(?:[^"]|"")+"|[^."]+')


def written(*parts: str) -> str:
    """``public.Summary``: as people write it. A part with a dot or a quote in it stands in double quotes."""
    return ".".join(part if _PLAIN.match(part) else quoted(part) for part in parts)


def read_table_name(text: str) -> tuple[str, str]:
    """What ``written`` has made of a schema and a name; a name alone is one of schema public. Raises ValueError."""
    parts, position = [], 0
    while match := _PART.match(text, position):
        parts.append(unquoted(match[0]))
        position = match.end() + 1
        if text[match.end() : position] != ".":
            break
    if position != len(text) + 1 or len(parts) not in {1, 2}:
        raise ValueError(f"{text!r} is not the name of a table; write for example public.Summary")
    return ("public", parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def quoted(name: str) -> str:
    """A name for SQL, always in quotes."""
    return '"' + name.replace('"', '""') + '"'


def unquoted(name: str) -> str:
    """A name out of the quotes in which PostgreSQL has written it, where it needs some."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def folded(name: str) -> str:
    """What a name in an SQL text names: PostgreSQL takes one without quotes in small letters."""
    return unquoted(name) if name.startswith('"') else name.lower()


def in_sql(*parts: str) -> str:
    """``"public"."Summary"``: a name for SQL, whatever is in it."""
    return ".".join(quoted(part) for part in parts)


def spellings(*parts: str) -> frozenset[str]:
    """How PostgreSQL itself may write a name: quotes where they are needed, or where a word is reserved."""
    found = [""]
    for part in parts:
        ways = {quoted(part), part} if _UNQUOTED.match(part) else {quoted(part)}
        found = [f"{before}.{way}" if before else way for before in found for way in ways]
    return frozenset(found)
