"""Promise: what was chosen of a backup needs what it needs, and nothing that only the rest needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import TableEntry
from dbops.domain.restores.extent import restore_extent
from dbops.domain.restores.request import RestoreRequest
from dbops.errors import InvalidRequest
from tests.unit.samples import manifest

ENTRIES = [
    TocEntry(dump_id=1, kind="EXTENSION", schema="", name="citext"),
    TocEntry(dump_id=2, kind="EXTENSION", schema="", name="postgis"),
    TocEntry(dump_id=3, kind="TABLE", schema="public", name="users", depends_on=(1,)),
    TocEntry(dump_id=4, kind="TABLE", schema="public", name="places", depends_on=(2,)),
    TocEntry(dump_id=5, kind="TABLE DATA", schema="public", name="users", file="5.dat", depends_on=(3,)),
    TocEntry(dump_id=6, kind="TABLE DATA", schema="public", name="places", file="6.dat", depends_on=(4,)),
]
BACKUP = replace(
    manifest("20261122T020000Z"),
    database_bytes=1000,
    tables=(TableEntry("public", "users", 1, 100), TableEntry("public", "places", 1, 400)),
)


def test_the_whole_backup_needs_all_extensions_and_the_databases_size_with_some_room() -> None:
    extent = restore_extent(BACKUP, ENTRIES, RestoreRequest())

    assert extent.selection is None
    assert extent.extensions == {"citext", "postgis"}
    assert (extent.needed_bytes, extent.tables, extent.left_out) == (1100, frozenset(), ())


def test_a_chosen_table_needs_its_own_extension_and_size() -> None:
    extent = restore_extent(BACKUP, ENTRIES, RestoreRequest(tables=("users",)))

    assert extent.extensions == {"citext"}
    assert (extent.needed_bytes, extent.tables) == (150, frozenset({("public", "users")}))


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        (RestoreRequest(tables=("public.user",)), 'no table public.user. Did you mean "public.users"?'),
        (RestoreRequest(schemas=("publik",)), 'no schema publik. Did you mean "public"?'),
    ],
)
def test_what_the_backup_does_not_hold_is_named_with_what_was_meant(request_: RestoreRequest, what: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        restore_extent(BACKUP, ENTRIES, request_)

    assert what in refused.value.what
    assert refused.value.remedy == "The backup is 20261122T020000Z."


def test_what_of_the_chosen_stays_behind_is_named() -> None:
    key = TocEntry(dump_id=7, kind="FK CONSTRAINT", schema="public", name="users users_place_fkey", depends_on=(3, 4))
    extent = restore_extent(BACKUP, [*ENTRIES, key], RestoreRequest(tables=("users",)))

    assert len(extent.left_out) == 1
    assert "users_place_fkey" in extent.left_out[0]
