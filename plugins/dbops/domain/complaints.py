"""Complaints: what pg_restore had to say about an archive it loaded, what of it is harmless, and whose fault the rest.

docs/verification.md carries both lists below; a test holds the page and them together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ERROR = re.compile(r"^pg_restore: error: (.*)$")
_COMMAND = "Command was: "
_SERVER = re.compile(r"(?:ERROR|FATAL|PANIC|FEHLER|ERREUR):\s+(.*)$")
_REFUSAL = re.compile(r"(?:^|: )ERROR:\s+")
_VALUE = re.compile(r": (?:\"|'|0x).*$")

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
        r"^ICU is not supported|^unsupported (?:XML|LZ4|ICU)|not supported by this (?:build|installation)",
    )
)


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
    """The errors in what pg_restore wrote; details, contexts and statements are dropped, as they may quote rows."""
    found: list[Complaint] = []
    said = ""
    for line in stderr.splitlines():
        if match := _ERROR.match(line):
            said = match[1]
            found.append(_complaint(said, ""))
        elif line.startswith(_COMMAND) and said:
            found[-1] = _complaint(said, line.removeprefix(_COMMAND))
            said = ""
    return tuple(found)


def _complaint(said: str, command: str) -> Complaint:
    server = _SERVER.search(said)
    sentence = server[1] if server else said
    why = next((why for statement, words, why in HARMLESS if statement.search(command) and words.search(sentence)), "")
    refused = bool(_REFUSAL.search(said)) and not any(words.search(sentence) for words in CIRCUMSTANCES)
    sentence = _VALUE.sub("", sentence)
    if said.startswith("COPY failed"):
        sentence = f"{said.partition(':')[0]}: {sentence}"
    return Complaint(sentence, why, refused and not why)
