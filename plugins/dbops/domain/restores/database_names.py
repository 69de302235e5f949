"""Names of what a restore makes: never longer than PostgreSQL's 63 bytes, and never two that become one."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

_LONGEST = 63
_HASH = 6
_TIME = "%Y%m%d_%H%M%S"

BEFORE = "__before_"
RESTORE = "__restore_"


def restored_name(name: str, moment: datetime) -> str:
    """Of the database or schema that a restore of ``name`` begun at that moment loads."""
    return _named(name, RESTORE, moment)


def before_name(name: str, moment: datetime) -> str:
    """Of the database that was ``name`` until a swap."""
    return _named(name, BEFORE, moment)


def _named(name: str, word: str, moment: datetime) -> str:
    end = f"{word}{moment.astimezone(UTC):{_TIME}}"
    whole = f"{name}{end}"
    if len(whole.encode()) <= _LONGEST:
        return whole
    # What is cut off still tells names apart.
    mark = f"_{hashlib.sha256(name.encode()).hexdigest()[:_HASH]}"
    room = _LONGEST - len(end) - len(mark)
    return f"{name.encode()[:room].decode(errors='ignore')}{mark}{end}"
