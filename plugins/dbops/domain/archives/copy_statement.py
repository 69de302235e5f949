"""CopyStatement: into which table pg_restore brings the rows of a data file, and which columns they have."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbops.domain.sql.object_names import unquoted

_NAME = r'(?:"(?:[^"]|"")+"|[^\s".(]+)'
_COPY = re.compile(rf"COPY ({_NAME})\.({_NAME}) \((.+)\) FROM stdin;\s*", re.DOTALL)


@dataclass(frozen=True)
class CopyStatement:
    """``schema`` and ``table`` name where the rows go, which need not be where they came from; ``columns`` are SQL.

    The rows of a partition go into the partitioned table where pg_dump cannot know that the server they come to would
    choose the same partition: those of an enum's hashes depend on the oids of its labels.
    """

    schema: str
    table: str
    columns: str


def read_copy_statement(text: str) -> CopyStatement | None:
    """What pg_dump has written into the table of contents; None where it is nothing of the kind."""
    copy = _COPY.fullmatch(text)
    return None if copy is None else CopyStatement(unquoted(copy[1]), unquoted(copy[2]), copy[3])
