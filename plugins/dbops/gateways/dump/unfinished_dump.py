"""An archive that is not whole although nobody said so."""

from __future__ import annotations

from dbops.errors import DumpFailed


def unfinished_dump(what: str) -> DumpFailed:
    """The error for what pg_dump has left, which no exit status vouches for: it is only right where ``what`` is not."""
    return DumpFailed(
        what,
        "Nothing of it was kept. Run the backup again; if it fails in the same way, check whether the worker's "
        "pg_dump is a script that hides how the program ended.",
    )
