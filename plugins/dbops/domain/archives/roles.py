"""Archive roles: to whom the entries of an archive give something."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.sql.object_names import folded

ROLE = r'(?:"(?:[^"]|"")+"|[\w$]+)'
"""A role's name in what pg_dump writes, for patterns."""

_GRANTEE = re.compile(
    rf"^(?:ALTER DEFAULT PRIVILEGES .* )?GRANT .* TO ({ROLE})(?: WITH GRANT OPTION)?(?: GRANTED BY .*)?;$",
    re.MULTILINE,
)
_GRANTS = {"ACL", "DEFAULT ACL"}
_EVERYBODY = "public"  # no role may be called so


def is_grant(entry: TocEntry) -> bool:
    """Whether the entry gives rights, now or on what is created later."""
    return entry.kind in _GRANTS


def grantees_of(entry: TocEntry) -> frozenset[str]:
    """The roles to which a grant gives something; none of any other entry."""
    if not is_grant(entry):
        return frozenset()
    return frozenset(folded(name) for name in _GRANTEE.findall(entry.definition)) - {_EVERYBODY}


def roles_of(entries: Iterable[TocEntry]) -> frozenset[str]:
    """The roles that own something in the archive, or are granted something."""
    return frozenset(role for entry in entries for role in {entry.owner} | grantees_of(entry)) - {""}
