"""Dump warnings: what pg_dump and pg_dumpall had to say though all went well, and whether it is news.

docs/backup-format.md says what is kept of it; a test holds the page and this file together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.words.printable import printable
from dbops.domain.words.quantities import format_count

_OWN = re.compile(r"^(?P<program>pg_dump|pg_dumpall): (?P<kind>warning|detail|hint): (?P<text>.*)$")
_SERVERS = re.compile(r"^(?P<kind>[A-Z]+[0-9]?):  (?P<text>.*)$")
_MORE_OF_THE_SERVERS = ("DETAIL", "HINT", "CONTEXT", "LOCATION", "QUERY", "STATEMENT")
_COLLATION = re.compile(r'^database ".*" has a collation version mismatch$')
# The same object has other numbers in the next dump.
_NUMBERS = re.compile(r"\s+\(ID \d+ OID \d+\)$")

NOT_REPEATED = "lines that are not repeated here, because they may quote rows"
_MOST, _LONGEST = 10, 300

# A pattern for what is kept, and why nobody has to do anything about it because of the backup.
HARMLESS = (
    (_COLLATION, "the rows are in the backup as they are; the checks tell of the indexes"),
    (re.compile(re.escape(NOT_REPEATED)), "run pg_dump by hand to read them"),
)
# A pattern for what is not kept, for something else says it better.
TOLD_ELSEWHERE = ((re.compile(r"^subscriptions not dumped"), "`lacks` names them"),)


def read_dump_warnings(*stderrs: str) -> tuple[str, ...]:
    """What the programs wrote on stderr, each warning once: in PostgreSQL's own words, which name objects at most.

    What a server sends is written by whoever wrote its functions, and what a script around the program writes by
    whoever wrote that: it may hold anything, so that of it only what is known is kept, and else that there was some.
    At most ten are kept, of at most 300 characters each.
    """
    found = dict.fromkeys(
        printable(one) for stderr in stderrs for one in _said(stderr) if not _matches(TOLD_ELSEWHERE, one)
    )
    told = [one if len(one) <= _LONGEST else f"{one[: _LONGEST - 3]}..." for one in found]
    left = len(told) - _MOST
    return (*told[:_MOST], *((f"{format_count(left, 'other warning')}",) if left > 0 else ()))


def _said(stderr: str) -> Iterator[str]:
    """The warnings, each with its details; in the place of all that may hold anything, that it was there."""
    warning, details = "", list[str]()
    anything_else = False
    for line in stderr.splitlines():
        own, servers = _OWN.match(line), _SERVERS.match(line)
        if own and own["kind"] == "detail" and warning:
            details.append(_NUMBERS.sub("", own["text"]).strip())
        elif own and own["kind"] == "warning":
            yield from _whole(warning, details)
            warning, details = own["text"], []
        elif servers and _COLLATION.match(servers["text"]):
            yield servers["text"]
        elif line.strip() and not own and not (servers and servers["kind"] in _MORE_OF_THE_SERVERS):
            anything_else = True
    yield from _whole(warning, details)
    if anything_else:
        yield NOT_REPEATED


def _whole(warning: str, details: list[str]) -> Iterator[str]:
    if warning:
        yield " ".join([warning, *([", ".join(sorted(details))] if details else [])])


def _matches(patterns: Iterable[tuple[re.Pattern[str], str]], text: str) -> str:
    return next((why for pattern, why in patterns if pattern.search(text)), "")


def dump_warnings(new: BackupManifest, previous: Iterable[BackupManifest]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What to warn of and what to note: a warning is told once, by the first backup that has it.

    ``previous`` are older backups in any order, of which the newest counts, whatever became of it.
    """
    older = max((one for one in previous if one.backup_id < new.backup_id), key=lambda one: one.backup_id, default=None)
    known = older.pg_dump_warnings if older else ()
    warnings, notes = [], []
    for said in new.pg_dump_warnings:
        why = _matches(HARMLESS, said)
        if why or said in known:
            notes.append(
                f"pg_dump said{'' if why else ', as in the backup before'}: {said}{f' ({why})' if why else ''}."
            )
        else:
            warnings.append(
                f"pg_dump warned, but succeeded: {said}. Find out with a drill whether this backup can be restored: "
                f"`python -m dbops drill {new.target}`. This is reported once; the next backups only note it."
            )
    return tuple(warnings), tuple(notes)


def restored_dump_warnings(said: Iterable[str]) -> tuple[str, ...]:
    """What whoever restores such a backup has to know; nothing of what does no harm."""
    return tuple(f"When the backup was made, pg_dump warned: {one}." for one in said if not _matches(HARMLESS, one))
