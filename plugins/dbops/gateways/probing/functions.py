"""What functions do that a rollback does not take back, as far as their texts say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbops.domain.sql.text import tokens

_CALL = re.compile(r'"?([\w$]+)"?\s*\(')
_NOTIFY = re.compile(r"\bpg_notify\s*\(|\bnotify\s+[\w\"]", re.IGNORECASE)
_ESCAPES = {
    re.compile(pattern, re.IGNORECASE): sentence
    for pattern, sentence in {
        r"\bnextval\s*\(": "takes numbers from a sequence, which leaves gaps",
        r"\bsetval\s*\(": "sets a sequence, which stays set",
        r"\bdblink\w*\s*\(": "works over a connection of its own (dblink), where it is not rolled back",
        r"\bpg_background_launch\s*\(": "works in a background process, where it is not rolled back",
        r"\bhttp(?:_\w+)?\s*\(": "calls a web address",
        r"\bpg_(?:try_)?advisory_lock(?:_shared)?\s*\(": "takes an advisory lock that outlives a transaction",
        r"\bcopy\b.*?\bto\s+(?:program\b|')": "writes a file or starts a program",
        r"\b(?:lo_export|pg_file_write)\s*\(": "writes a file of the server",
        r"\bpg_logical_emit_message\s*\(": "writes a message to the WAL, which may be sent at once",
        r"\bpg_(?:terminate|cancel)_backend\s*\(": "ends what other sessions do",
        r"\bpg_(?:reload_conf|rotate_logfile|switch_wal)\s*\(": "acts on the server itself",
    }.items()
}
# Their functions are written in C, which no text tells anything of.
_REACHING_OUT = ("dblink", "http", "pg_background", "plsh", "pg_cron", "adminpack")


@dataclass(frozen=True)
class Function:
    """One function; ``trusted`` languages can do nothing outside of the database by themselves."""

    oid: int
    schema: str
    name: str
    language: str
    trusted: bool
    volatile: bool
    extension: str | None
    text: str

    @property
    def is_of_a_user(self) -> bool:
        """Whether it came with no extension."""
        return self.extension is None


def what_escapes(text: str) -> list[str]:
    """What a statement or a function's text does that stays; each the end of a sentence."""
    plain = _without_comments(text)
    return [sentence for pattern, sentence in _ESCAPES.items() if pattern.search(plain)]


def what_escapes_of(function: Function, functions: Sequence[Function]) -> list[str]:
    """The same of a function and of all that it calls, by their names."""
    found: list[str] = []
    for one in called([function], functions):
        found += what_escapes(one.text)
        if one.extension in _REACHING_OUT:
            found.append(f"uses the extension {one.extension}, which reaches outside the database")
        elif not one.trusted and one.is_of_a_user:
            found.append(f"is written in {one.language}, which can reach outside the database")
    return list(dict.fromkeys(found))


def notifies(function: Function, functions: Sequence[Function]) -> bool:
    """Whether it sends notifications, which PostgreSQL delivers at COMMIT, and so never to anybody."""
    return any(_NOTIFY.search(_without_comments(one.text)) for one in called([function], functions))


def called_in(text: str, functions: Sequence[Function]) -> list[Function]:
    """The functions whose names a text calls, in whatever schema they are."""
    names = {name.lower() for name in _CALL.findall(_without_comments(text))}
    return [function for function in functions if function.name.lower() in names]


def called(begin: Iterable[Function], functions: Sequence[Function]) -> list[Function]:
    """These, and all that they call, directly or not."""
    found = list(begin)
    seen = {function.oid for function in found}
    for function in found:  # which grows meanwhile
        if function.trusted:
            more = [one for one in called_in(function.text, functions) if one.oid not in seen]
            seen.update(one.oid for one in more)
            found += more
    return found


def _without_comments(text: str) -> str:
    return "".join(" " if token.kind == "comment" else token.text for token in tokens(text))
