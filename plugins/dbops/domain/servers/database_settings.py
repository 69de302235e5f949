"""DatabaseSettings: what belongs to a database's name and not to its content, and the SQL that gives it to another."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLAIN = re.compile(r"^[a-z_][a-z0-9_$]*$")
# What PostgreSQL itself keeps as a list of quoted names (GUC_LIST_QUOTE): quoted as one, it would be one name.
_LISTS = {
    "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
    "temp_tablespaces", "unix_socket_directories", "restrict_nonsystem_relation_kind",
}  # fmt: skip
_TO_COME_IN = {"CONNECT", "TEMPORARY"}
_ITEM = re.compile(r'\s*("(?:[^"]|"")*"|[^,]*)\s*(?:,|$)')


@dataclass(frozen=True)
class Setting:
    """``ALTER DATABASE ... SET``, or with a ``role``: ``ALTER ROLE ... IN DATABASE ... SET``."""

    name: str
    value: str
    role: str | None = None


@dataclass(frozen=True)
class Grant:
    """One privilege on a database; ``grantee`` None is PUBLIC."""

    grantee: str | None
    privilege: str
    grantable: bool = False


@dataclass(frozen=True)
class DatabaseSettings:
    """``grants`` None means: those that every new database has."""

    owner: str
    comment: str | None = None
    connection_limit: int = -1
    settings: tuple[Setting, ...] = ()
    grants: tuple[Grant, ...] | None = None


def quote_name(name: str) -> str:
    """An SQL identifier. Always quoted: keywords are many, and people read these statements once."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """An SQL literal that means the same whatever ``standard_conforming_strings`` says."""
    quoted = text.replace("'", "''")
    return "E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in text else f"'{quoted}'"


def settings_statements(settings: DatabaseSettings, database: str) -> tuple[str, ...]:
    """What gives a database the owner, comment, limit, settings and grants; each runs within a transaction."""
    name = quote_name(database)
    comment = "NULL" if settings.comment is None else quote_text(settings.comment)
    return (
        f"ALTER DATABASE {name} OWNER TO {quote_name(settings.owner)}",
        f"COMMENT ON DATABASE {name} IS {comment}",
        f"ALTER DATABASE {name} CONNECTION LIMIT {settings.connection_limit}",
        *(_setting(setting, name) for setting in settings.settings),
        *(_grants(settings.grants, settings.owner, name) if settings.grants is not None else ()),
    )


def access_statements(settings: DatabaseSettings, database: str) -> tuple[str, ...]:
    """What lets into a new database whom that one lets in, and nobody else; its owner keeps what an owner has."""
    if settings.grants is None:
        return ()
    name = quote_name(database)
    return (
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        *(
            f"GRANT {grant.privilege} ON DATABASE {name} TO {_grantee(grant)}"
            for grant in settings.grants
            if grant.privilege in _TO_COME_IN
        ),
    )


def _setting(setting: Setting, database: str) -> str:
    who = f"ROLE {quote_name(setting.role)} IN DATABASE {database}" if setting.role else f"DATABASE {database}"
    values = _list(setting.value) if setting.name in _LISTS else [setting.value]
    parameter = ".".join(part if _PLAIN.match(part) else quote_name(part) for part in setting.name.split("."))
    return f"ALTER {who} SET {parameter} TO {', '.join(quote_text(value) for value in values)}"


def _list(value: str) -> list[str]:
    items = [match[1] for match in _ITEM.finditer(value) if match[1]]
    return [item[1:-1].replace('""', '"') if item.startswith('"') else item.strip() for item in items] or [""]


def _grants(grants: tuple[Grant, ...], owner: str, database: str) -> list[str]:
    """From nothing: what a new database gives to PUBLIC may have been taken away from the old one."""
    statements = [f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {quote_name(owner)}"]
    for grant in grants:
        option = " WITH GRANT OPTION" if grant.grantable else ""
        statements.append(f"GRANT {grant.privilege} ON DATABASE {database} TO {_grantee(grant)}{option}")
    return statements


def _grantee(grant: Grant) -> str:
    return "PUBLIC" if grant.grantee is None else quote_name(grant.grantee)
