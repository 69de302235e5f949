r"""Escapes: what a backslash means in the texts of an archive, which its server's standard_conforming_strings says.

Where that was off, ``'a\''; b'`` is a text, a semicolon and more; else it is one text. pg_restore has the server read
an archive as the entry STDSTRINGS says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.sql.text import Token, tokens

_KIND = "STDSTRINGS"
_ON = "SET standard_conforming_strings = 'on';\n"
_DOUBLED = re.compile(r"'(?:[^'\\]|\\\\|'')*'")


def has_escapes(entries: Iterable[TocEntry]) -> bool:
    """Whether a backslash escapes what follows it in the archive's texts; pg_restore obeys the last entry on that."""
    said = [entry.definition.partition("'")[2] for entry in entries if entry.kind == _KIND]
    return bool(said) and said[-1].startswith("off'")


def without_escapes(entries: Iterable[TocEntry]) -> list[TocEntry]:
    """The entries with their definitions as a server writes them where a backslash means itself."""
    found = list(entries)
    if not has_escapes(found):
        return found
    return [replace(entry, definition=_ON if entry.kind == _KIND else _rewritten(entry.definition)) for entry in found]


def _rewritten(sql: str) -> str:
    return "".join(map(_standard, tokens(sql, escapes=True))) if "\\" in sql else sql


def _standard(token: Token) -> str:
    if token.kind != "escaped" or not token.text.startswith("'"):
        return token.text
    if _DOUBLED.fullmatch(token.text):
        return token.text.replace("\\\\", "\\")
    return f" E{token.text}"
