"""Data checksums: whether a server notices a page that its disk has damaged."""

from __future__ import annotations


def data_checksums_note(*, on: bool) -> tuple[str, ...]:
    """What to know of a cluster without them; nothing where it has them."""
    if on:
        return ()
    return (
        "The cluster has no data checksums: a page that the disk damages may be read as if it were right, by queries "
        "and by backups. While the server is stopped, `pg_checksums --enable` adds them.",
    )
