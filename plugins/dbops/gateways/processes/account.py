"""The account a PostgreSQL server runs as where we are root, which PostgreSQL refuses."""

from __future__ import annotations

import os
import pwd
import stat
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
        "Run the worker as a regular user, or set drill.connection to a scratch server.",
    )


def closed_folder(path: Path, account: pwd.struct_passwd) -> Path | None:
    """The outermost folder on the way into ``path`` that the account may not enter; None where it gets there."""
    resolved = path.resolve()
    ways = (*reversed(resolved.parents), resolved)
    return next((folder for folder in ways if not _may(folder, account, stat.S_IXOTH)), None)


def can_reach(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether the account may enter ``path`` and read what is in it."""
    return closed_folder(path, account) is None and _may(path.resolve(), account, stat.S_IROTH)


def _may(folder: Path, account: pwd.struct_passwd, everybody: int) -> bool:
    """``everybody`` is the bit for everybody; the owner's and the group's are the same, three and six places up."""
    found = folder.stat()
    if found.st_uid == account.pw_uid:
        return bool(found.st_mode & everybody << 6)
    if found.st_gid == account.pw_gid:
        return bool(found.st_mode & everybody << 3)
    return bool(found.st_mode & everybody)
