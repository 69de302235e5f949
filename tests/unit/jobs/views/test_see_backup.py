"""see_backup: one backup by what lies in the bucket, and in words what does not."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.views.target_view import BackupView
from dbops.errors import BucketError
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.jobs.views import see_backup as see_backup_module
from dbops.jobs.views.see_backup import see_backup
from tests.unit.samples import NOW, Clock, manifest, target, verification
from tests.unit.waiting import PLENTY, time_is_up_for

SHOP = target()
LAYOUT = Layout(SHOP.root)
MANIFEST = manifest("20261122T020000Z")
ID = MANIFEST.backup_id


def stored() -> InMemoryBucket:
    bucket = InMemoryBucket("vault", Clock())
    bucket.put(LAYOUT.manifest(ID), MANIFEST.to_json())
    return bucket


def see(bucket: InMemoryBucket, backup_id: BackupId = ID, within: timedelta = PLENTY) -> BackupView | None:
    return see_backup(SHOP, lambda _: bucket, backup_id, clock=Clock(), within=within)


def test_a_backup_is_shown_with_its_verdict_and_its_hold() -> None:
    bucket, held = stored(), Hold(ID, None, "audit", "alice")
    bucket.put(LAYOUT.verification(ID), verification(ID).to_json())
    bucket.put(LAYOUT.hold(ID), held.to_json())
    assert see(bucket) == BackupView(
        target=SHOP, backup_id=ID, seen=NOW, manifest=MANIFEST, verification=verification(ID), hold=held
    )


def test_a_backup_that_nobody_verified_or_held_has_neither() -> None:
    assert see(stored()) == BackupView(target=SHOP, backup_id=ID, seen=NOW, manifest=MANIFEST)


def test_there_is_no_backup_without_a_manifest() -> None:
    assert see(stored(), BackupId("20261121T020000Z")) is None


def test_what_cannot_be_read_is_said_in_its_place_without_a_value_of_it() -> None:
    bucket = stored()
    bucket.put(LAYOUT.manifest(ID), b'{"format": 9, "target": "geheim"}')
    bucket.put(LAYOUT.verification(ID), b"geheim")
    bucket.put(LAYOUT.hold(ID), Hold(BackupId("20200101T000000Z"), None, "audit", "alice").to_json())
    view = see(bucket)
    assert view is not None
    assert view.manifest == (
        f"The manifest of {ID} cannot be shown: s3://vault/{LAYOUT.manifest(ID)} is not one that this version can read."
    )
    assert isinstance(view.verification, str)
    assert isinstance(view.hold, str)
    assert "geheim" not in f"{view.manifest}{view.verification}"


def test_the_manifest_of_another_target_is_not_shown() -> None:
    bucket = stored()
    bucket.put(LAYOUT.manifest(ID), manifest(ID, of="blog").to_json())
    view = see(bucket)
    assert view is not None
    assert isinstance(view.manifest, str)
    assert "it is of blog, another target" in view.manifest


def test_a_store_that_refuses_is_said_in_words() -> None:
    class Refusing(InMemoryBucket):
        def get(self, key: str) -> bytes:
            raise BucketError(f"It refused {key}.", "Look at the credentials.")

    view = see(Refusing("vault", Clock()))
    assert view is not None
    assert (
        view.manifest
        == f"The manifest of {ID} cannot be shown: It refused {LAYOUT.manifest(ID)}. Look at the credentials."
    )

    def cannot(_: object) -> InMemoryBucket:
        raise BucketError("No such host.", "Look at the network.")

    unopened = see_backup(SHOP, cannot, ID, clock=Clock(), within=PLENTY)
    assert unopened is not None
    assert unopened.manifest == f"The backup {ID} of shop cannot be shown: No such host. Look at the network."


def test_what_does_not_answer_in_time_says_so_and_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(InMemoryBucket):
        def get(self, key: str) -> bytes:
            if key in hanging:
                go_on.wait()
            return super().get(key)

    bucket, go_on = Hanging("vault", Clock()), threading.Event()
    bucket.put(LAYOUT.manifest(ID), MANIFEST.to_json())
    hanging = {LAYOUT.verification(ID)}
    try:
        with monkeypatch.context() as patched:
            time_is_up_for(1, patched, see_backup_module)
            slow = see(bucket)
        hanging |= {LAYOUT.manifest(ID), LAYOUT.hold(ID)}
        silent = see(bucket, within=timedelta(milliseconds=50))
    finally:
        go_on.set()
    said = f"of {ID} did not answer in time. Check whether the store is slow, and reload."
    assert slow == BackupView(
        target=SHOP, backup_id=ID, seen=NOW, manifest=MANIFEST, verification=f"The verdict {said}"
    )
    assert silent is not None
    assert (silent.manifest, silent.hold) == (f"The manifest {said}", f"The hold {said}")


def test_a_store_whose_opening_hangs_is_not_waited_for() -> None:
    go_on = threading.Event()

    def opening(_: object) -> InMemoryBucket:
        go_on.wait()
        return stored()

    try:
        view = see_backup(SHOP, opening, ID, clock=Clock(), within=timedelta(milliseconds=50))
    finally:
        go_on.set()
    assert view is not None
    assert isinstance(view.manifest, str)
    assert "did not answer in time" in view.manifest
