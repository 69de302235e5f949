"""Complaints: what pg_restore had to say about an archive it loaded, and which of it is harmless.

docs/verification.md carries the list of the harmless ones; change both together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ERROR = re.compile(r"^pg_restore: error: (.*)$")
_COMMAND = "Command was: "
_SERVER = re.compile(r"(?:ERROR|FATAL|FEHLER|ERREUR):\s+(.*)$")
_VALUE = re.compile(r": (?:\"|'|0x).*$")

# The statement, the server's words, and why it does no harm.
_HARMLESS = (
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


@dataclass(frozen=True)
class Complaint:
    """One error of pg_restore, without any row's values; ``why`` says what makes it harmless, empty where it is not."""

    text: str
    why: str = ""

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
    sentence = _VALUE.sub("", server[1] if server else said)
    if said.startswith("COPY failed"):
        sentence = f"{said.partition(':')[0]}: {sentence}"
    why = next((why for statement, words, why in _HARMLESS if statement.search(command) and words.search(sentence)), "")
    return Complaint(sentence, why)
