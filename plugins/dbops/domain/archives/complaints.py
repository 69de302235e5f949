"""Complaints: what pg_restore had to say about an archive it loaded, what of it is harmless, and whose fault the rest.

docs/verification.md carries both lists below; a test holds the page and them together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.servers.program_words import own_words
from dbops.domain.servers.words import NOT_REPEATED, SERVERS_ERROR, reads_rows, repeatable

_ERROR = re.compile(r"^pg_restore: error: (.*)$")
_BEGINS = "pg_restore: error: "
_COMMAND = "Command was: "
_REFUSAL = re.compile(r"(?:^|: )ERROR:\s+")
_COPY = re.compile(r'^COPY failed for table "[^"]+"')
_CONNECTION = "connection to server "
_IDENTIFIER = r'(?:"[^"]+"|\w+)'
# What of a statement is told where the server's words are not, for they may quote a row.
_OBJECT = re.compile(
    r"^(?:ALTER TABLE (?:ONLY )?|CREATE (?:UNIQUE )?INDEX |REFRESH MATERIALIZED VIEW |"
    r"CREATE (?:TABLE|VIEW|MATERIALIZED VIEW|FUNCTION|PROCEDURE|SEQUENCE|TYPE|DOMAIN|EXTENSION(?: IF NOT EXISTS)?) )"
    rf"{_IDENTIFIER}(?:\.{_IDENTIFIER})?"
)

# The statement, the server's words, and why it does no harm.
HARMLESS = (
    (
        re.compile(r"^COMMENT ON EXTENSION "),
        re.compile(r"must be owner of extension"),
        "the comment on an extension belongs to whoever owns the extension",
    ),
    (
        re.compile(r"^CREATE SCHEMA public\b"),
        re.compile(r'schema "public" already exists'),
        "every new database has that schema",
    ),
    (
        re.compile(r"^SET "),
        re.compile(r'unrecognized configuration parameter "transaction_timeout"'),
        "a setting of pg_restore's own session that an older server does not know",
    ),
)

# What a server refuses for a reason of its own: another server, or the same one later, would take that archive.
CIRCUMSTANCES = tuple(
    re.compile(words)
    for words in (
        r"No space left on device|Disk quota exceeded|Input/output error|Read-only file system",
        r"^could not (?:access|create|extend|fsync|open|read|resize|stat|write) (?:\w+ )*(?:file|directory|segment)",
        r"^(?:out of memory|out of shared memory|cannot allocate memory|could not fork)",
        r"^canceling (?:statement|autovacuum task) due to|^terminating connection|^deadlock detected",
        r"^(?:too many connections|sorry, too many clients|remaining connection slots)",
        r"read-only transaction|^cannot execute .* during recovery|^the database system is",
        r"^permission denied|^must be (?:owner|superuser|member|able to)|^only (?:superusers?|roles with)",
        r'^role ".*" does not exist',
        r'^tablespace ".*" does not exist',
        r'^extension ".*" (?:is not available|has no installation script)|extension control file',
        r'^could not load library|must be loaded via "?shared_preload_libraries',
        r"^unrecognized configuration parameter",
        r'^collation ".*" for encoding ".*" does not exist|^could not (?:create locale|open collator)|^invalid locale',
        r"^(?:could not|cannot|failed to) (?:connect to|establish)|^connection .* cannot be established",
        r"^password (?:or GSSAPI delegated credentials |is )required|^user mapping not found",
        r'^materialized view ".*" has not been populated',
        r"^can only create extension in database|^extension \".*\" must be preloaded",
        r'^security label provider ".*" is not loaded|^no security label providers have been loaded',
        r"^ICU is not supported|^unsupported (?:XML|LZ4|ICU)|not supported by this (?:build|installation)",
    )
)

# A view that is filled anew may ask another server, which then refuses for a reason of its own. Only these lines of
# what the server adds are looked at, and none is kept.
_REFRESH = re.compile(r"^REFRESH MATERIALIZED VIEW ")
_ELSEWHERE = re.compile(r"\b(?:remote SQL command|dblink)\b")


@dataclass(frozen=True)
class Complaint:
    """One error of pg_restore, without any row's values; ``why`` says what makes it harmless, empty where it is not.

    ``refused`` is whether a server that was up and able refused what the archive holds: only that speaks against the
    archive. It is False in doubt, and where the server does not speak English.
    """

    text: str
    why: str = ""
    refused: bool = False

    @property
    def harmless(self) -> bool:
        """Whether the restored database is what the archive holds all the same."""
        return bool(self.why)


def read_complaints(stderr: str) -> tuple[Complaint, ...]:
    """The errors in what pg_restore wrote: sentences that are known to quote no row, and that there were others.

    Details, contexts and statements are dropped, as they may quote rows; a statement's object is told.
    """
    found: list[Complaint] = []
    for said, below, command in _errors(stderr):
        is_elsewhere = bool(_REFRESH.match(command)) and any(_ELSEWHERE.search(line) for line in below)
        found.append(_complaint(said, below, command, is_elsewhere=is_elsewhere))
    return tuple(found)


def _errors(stderr: str) -> list[tuple[str, list[str], str]]:
    """What each error said, the lines between it and its statement, and the first line of that, or nothing."""
    found: list[tuple[str, list[str], str]] = []
    is_open = False
    for line in stderr.splitlines():
        if match := _ERROR.match(line):
            found.append((match[1], [], ""))
            is_open = True
        elif is_open and line.startswith(_COMMAND):
            said, below, _ = found[-1]
            found[-1] = (said, below, line.removeprefix(_COMMAND))
            is_open = False
        elif is_open:
            found[-1][1].append(line)
    return found


def is_hopeless(stderr: str) -> bool:
    """Whether what pg_restore has written so far tells already that not all of the archive will be there.

    An error about a statement counts once its statement is told: that may make it harmless.
    """
    whole = stderr.rstrip("\n")
    last = whole.rfind(f"\n{_BEGINS}") + 1
    if whole[last:].startswith(f"{_BEGINS}could not execute query") and f"\n{_COMMAND}" not in whole[last:]:
        whole = whole[:last]
    return any(not complaint.harmless for complaint in read_complaints(whole))


def _complaint(said: str, below: Sequence[str], command: str, *, is_elsewhere: bool) -> Complaint:
    server = SERVERS_ERROR.search(said)
    sentence = server[1] if server else said
    why = next((why for statement, words, why in HARMLESS if statement.search(command) and words.search(sentence)), "")
    is_circumstance = is_elsewhere or any(words.search(sentence) for words in CIRCUMSTANCES)
    refused = bool(_REFUSAL.search(said)) and not is_circumstance
    return Complaint(_text(said, below, command), why, refused and not why)


def _text(said: str, below: Sequence[str], command: str) -> str:
    server = SERVERS_ERROR.search(said)
    if server is None:
        told = own_words(said)
    else:
        told = repeatable(server[1], below, of_rows=not said.startswith(_CONNECTION) and reads_rows(command))
    if copy := _COPY.match(said) if server or told is None else None:
        return f"{copy[0]}: {told or NOT_REPEATED}"
    if told is None:
        about = _OBJECT.match(command)
        return f"{about[0]}: {NOT_REPEATED}" if about else NOT_REPEATED
    return told
