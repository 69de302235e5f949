"""Load settings: those of an archive's database under which its rows were what they are, for the sessions of a load.

A constraint, an index or a materialized view may depend on the time zone, or on a setting of the application's own.
pg_restore --create gives the new database the archive's settings and connects anew for that reason. So does a load of
ours, which has its database made before, by sessions that begin with them: with the archive's and not with the live
database's. Those may have been changed since, and then rows that were right would be refused, and a drill would prove
something else than a restore does. What is live afterwards has the live one's settings, as it had them before: that
materialized views are not filled anew by a changed setting is so with every database.

The archive may be forged: only what changes no more than how values are read and written is taken over, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dbops.domain.archives.escapes import without_escapes
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.database_settings import Setting
from dbops.domain.servers.session_options import session_options
from dbops.domain.sql.object_names import unquoted
from dbops.domain.sql.text import Token, tokens

_KIND = "DATABASE PROPERTIES"
_HARMLESS = {
    name.lower(): name
    for name in (
        "TimeZone", "timezone_abbreviations", "DateStyle", "IntervalStyle", "lc_monetary", "lc_numeric", "lc_time",
        "default_text_search_config", "xmlbinary", "bytea_output", "extra_float_digits",
    )
}  # fmt: skip
_CUSTOM = re.compile(r"(?a:[a-z_][a-z0-9_$]*)(?:\.(?a:[a-z_][a-z0-9_$]*))+", re.IGNORECASE)
# Some of theirs name code that runs when the language is used for the first time.
_LANGUAGES = {"plperl", "plperlu", "pltcl", "pltclu", "plpython3u", "plv8", "pljava", "plr", "plrust", "pllua", "plsh"}
_ESCAPED = re.compile(r"[eE]'((?:[^'\\]|\\\\|'')*)'")

# Bytes that are spaces in the encodings of one byte, as which the server may read them.
_OTHER_SPACES = (0x85, 0xA0)
_UTF8 = "SET client_encoding = 'UTF8';"
_MOST_BYTES = 6000  # what a session begins with has 10,000 for all that is said


def load_settings(entries: Iterable[TocEntry]) -> tuple[Setting, ...]:
    """What ``ALTER DATABASE ... SET`` had set when the archive was made, and may decide what its rows mean."""
    found: dict[str, Setting] = {}
    for entry in without_escapes(entries):
        if entry.kind == _KIND:
            for setting in _set(entry.definition):
                found[setting.name.lower()] = setting
    return tuple(found.values())


def sayable(settings: Iterable[Setting], entries: Iterable[TocEntry]) -> tuple[Setting, ...]:
    """Those whose values a session can begin with, whatever the server's locale makes of their bytes."""
    is_utf8 = any(entry.kind == "ENCODING" and entry.definition.strip() == _UTF8 for entry in entries)
    chosen: list[Setting] = []
    for setting in settings:
        if _is_sayable(setting.value, is_utf8=is_utf8):
            chosen.append(setting)
            if len(session_options(chosen).encode()) > _MOST_BYTES:
                chosen.pop()
    return tuple(chosen)


def left_out_sentence(names: Sequence[str]) -> str:
    """What it means that a load does without these settings. Their values may be secrets, and are not in it."""
    one = len(names) == 1
    return (
        f"The database's own {'setting' if one else 'settings'} {', '.join(names)} could not be set for the load: what "
        f"constraints and materialized views make of {'it' if one else 'them'} may be otherwise than in the source."
    )


def set_otherwise(archived: Iterable[Setting], live: Iterable[Setting]) -> tuple[str, ...]:
    """The names of those that a load sets otherwise than the live database does, in order."""
    was = {setting.name.lower(): setting for setting in archived}
    now = {each.name.lower(): each for each in live if each.role is None and _name(each.name) is not None}
    return tuple(
        sorted(
            (was.get(name) or now[name]).name
            for name in was.keys() | now.keys()
            if name not in was or name not in now or was[name].value != now[name].value
        )
    )


def _set(definition: str) -> Iterator[Setting]:
    for statement in _statements(definition):
        words = [token.text.upper() if token.kind == "word" else "" for token in statement]
        if [*words[:2], *words[3:4], *words[-2:-1]] != ["ALTER", "DATABASE", "SET", "TO"]:
            continue
        name, value = _name("".join(unquoted(token.text) for token in statement[4:-2])), _text(statement[-1])
        if name is not None and value is not None:
            yield Setting(name, value)


def _statements(sql: str) -> Iterator[list[Token]]:
    """Those that end with a semicolon, as all do that pg_dump writes."""
    held: list[Token] = []
    for token in tokens(sql):
        if token.kind == "any" and token.text == ";":
            yield held
            held = []
        elif not token.is_blank:
            held.append(token)


def _name(name: str) -> str | None:
    """The setting of that name as the server calls it; None where it is none of ours."""
    if _CUSTOM.fullmatch(name):
        return None if name.partition(".")[0].lower() in _LANGUAGES else name
    return _HARMLESS.get(name.lower())


def _text(token: Token) -> str | None:
    """What a text means; None where it is written as pg_dump writes none."""
    if token.kind == "text" and token.text.startswith("'"):
        return token.text[1:-1].replace("''", "'")
    found = _ESCAPED.fullmatch(token.text) if token.kind == "escaped" else None
    return found[1].replace("''", "'").replace("\\\\", "\\") if found else None


def _is_sayable(value: str, *, is_utf8: bool) -> bool:
    if value.isascii():
        return "\0" not in value
    return is_utf8 and not any(byte in _OTHER_SPACES for byte in value.encode(errors="surrogatepass"))
