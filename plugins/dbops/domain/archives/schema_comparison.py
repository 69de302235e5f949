"""Schema comparison: do two tables of contents describe the same schema, and what is its fingerprint?"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from dbops.domain.archives.escapes import without_escapes
from dbops.domain.archives.toc_entry import TocEntry

# Rows and counters, not schema.
_DATA = {"TABLE DATA", "SEQUENCE SET", "MATERIALIZED VIEW DATA", "STATISTICS DATA", "BLOB", "BLOBS", "BLOB METADATA"}
# The database itself has another name, and other settings, wherever it is restored to.
_DATABASE = {"DATABASE", "DATABASE PROPERTIES"}
_ABOUT = {"COMMENT", "ACL", "SECURITY LABEL"}
_ABOUT_OTHERS = ("DATABASE ", "LARGE OBJECT ", "LARGE OBJECTS ")
_GRANTS = {"ACL", "DEFAULT ACL"}

# A restore parts a subscription from its slot, which belongs to the original.
_SLOT = re.compile(r"\bslot_name = (?:'(?:[^']|'')*'|NONE)")

_Key = tuple[str, str, str]


def schema_of(entries: Iterable[TocEntry]) -> list[TocEntry]:
    """The entries that define the schema, their texts written alike whatever the server's."""
    return [
        entry
        for entry in without_escapes(entries)
        if entry.kind not in _DATA | _DATABASE and not _is_about_others(entry)
    ]


def differences(
    expected: Sequence[TocEntry], found: Sequence[TocEntry], *, owners: bool = True, only_expected: bool = False
) -> tuple[str, ...]:
    """A sentence on each object that is missing, extra or defined otherwise, in order of their names.

    Without ``owners``, owners and grants do not count; with ``only_expected`` nothing is extra.
    """
    wanted, present = _by_key(expected, owners=owners), _by_key(found, owners=owners)
    sentences = []
    for key in sorted(wanted.keys() | present.keys()):
        mine, theirs = wanted.get(key), present.get(key)
        if mine == theirs or (only_expected and not mine):
            continue
        if not theirs:
            sentences.append(f"{_name(key)} is missing")
        elif not mine:
            sentences.append(f"{_name(key)} is not in the backup")
        else:
            sentences.append(f"{_name(key)} is defined otherwise than in the backup")
    return tuple(sentences)


def fingerprint(entries: Iterable[TocEntry]) -> str:
    """A sha256 that two dumps of the same schema share, whoever owns it and whatever rows are in it."""
    lines = sorted((entry.kind, entry.schema, entry.name, entry.definition) for entry in schema_of(entries)
                   if entry.kind not in _GRANTS)  # fmt: skip
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def _is_about_others(entry: TocEntry) -> bool:
    # Grants on the server's own catalog name whoever made that server.
    return entry.kind in _ABOUT and (entry.name.startswith(_ABOUT_OTHERS) or entry.schema == "pg_catalog")


def _by_key(entries: Iterable[TocEntry], *, owners: bool) -> dict[_Key, Counter[tuple[str, str]]]:
    found: dict[_Key, Counter[tuple[str, str]]] = {}
    for entry in schema_of(entries):
        if owners or entry.kind not in _GRANTS:
            owner = entry.owner if owners else ""
            found.setdefault((entry.kind, entry.schema, entry.name), Counter())[_compared(entry), owner] += 1
    return found


def _compared(entry: TocEntry) -> str:
    return _SLOT.sub("slot_name = NONE", entry.definition) if entry.kind == "SUBSCRIPTION" else entry.definition


def _name(key: _Key) -> str:
    kind, schema, name = key
    return f"{kind.lower()} {f'{schema}.' if schema else ''}{name}"
