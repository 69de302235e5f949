"""Promise: that a damaged page may go unnoticed is told of a cluster without checksums, with what adds them."""

from __future__ import annotations

from dbops.domain.servers.data_checksums import data_checksums_note


def test_only_a_cluster_without_them_has_a_note_and_it_says_what_adds_them() -> None:
    assert data_checksums_note(on=True) == ()
    assert data_checksums_note(on=False) == (
        "The cluster has no data checksums: a page that the disk damages may be read as if it were right, by queries "
        "and by backups. While the server is stopped, `pg_checksums --enable` adds them.",
    )
