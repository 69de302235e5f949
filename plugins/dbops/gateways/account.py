"""The account a PostgreSQL server runs as where we are root, which PostgreSQL refuses."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from dbops.errors import ServerFailed

_CANDIDATES = ("postgres", "nobody")


def server_account() -> pwd.struct_passwd | None:
    """An ordinary account that exists; None where we are an ordinary user ourselves. Raises ServerFailed."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerFailed(
        "PostgreSQL refuses to run as root, and this worker has neither the account postgres nor nobody.",
        "Run the worker as an ordinary user, or set drill.connection to a scratch server.",
    )


def can_reach(path: Path) -> bool:
    """Whether any account may enter ``path`` and read what is in it."""
    resolved = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (resolved, *resolved.parents)) and bool(
        resolved.stat().st_mode & 0o004
    )
