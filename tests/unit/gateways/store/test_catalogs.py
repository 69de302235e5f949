"""What the catalog says of everything that can lie in a bucket, finished, running, damaged or foreign."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from dbops.domain.backups.backup import BackupId, BackupManifest, Claim, FileEntry, TableEntry
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold, RetentionPolicy
from dbops.domain.backups.storage import Storage
from dbops.domain.target import Target
from dbops.errors import BucketError, ObjectMissing, ObjectRefused
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.memory_bucket import InMemoryBucket
from tests.unit.samples import verification

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TARGET = Target(
    name="app", connection="app", environment="development", storage=Storage(bucket="backups", prefix="team/db")
)
LAYOUT = Layout(TARGET.root)
FIRST, SECOND, THIRD = (BackupId(f"202611{day}T020000Z") for day in (20, 21, 22))


class TickingClock:
    """A minute later at every look."""

    now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def bucket() -> InMemoryBucket:
    return InMemoryBucket("backups", TickingClock())


def manifest(backup_id: BackupId, target: str = "app") -> BackupManifest:
    return BackupManifest(
        target=target,
        backup_id=backup_id,
        started=backup_id.time,
        finished=backup_id.time + timedelta(minutes=5),
        server_version="17.10",
        pg_dump_version="17.10",
        pg_dump_options=("-Fd",),
        database="app",
        database_bytes=1000,
        files=(FileEntry("toc.dat", 10, "0" * 64), FileEntry("1.dat.zst", 32, "1" * 64)),
        tables=(TableEntry("public", "User", 7, 70), TableEntry("public", "Tag", None, 0)),
        extensions=(),
        tool_version="1",
    )


def finish(bucket: InMemoryBucket, backup_id: BackupId) -> BackupManifest:
    made = manifest(backup_id)
    bucket.put(LAYOUT.folder(backup_id) + "toc.dat", b"0123456789")
    bucket.put(LAYOUT.manifest(backup_id), made.to_json())
    return made


def test_an_empty_bucket_has_an_empty_catalog(bucket: InMemoryBucket) -> None:
    catalog = read_catalog(bucket, TARGET)
    assert (catalog.target, catalog.entries, catalog.leftovers, catalog.unreadable) == ("app", (), (), ())


def test_finished_backups_are_entries_oldest_first(bucket: InMemoryBucket) -> None:
    made = {backup_id: finish(bucket, backup_id) for backup_id in (THIRD, FIRST, SECOND)}
    catalog = read_catalog(bucket, TARGET)
    assert [entry.manifest for entry in catalog.entries] == [made[FIRST], made[SECOND], made[THIRD]]
    assert [(entry.hold, entry.verified) for entry in catalog.entries] == [(None, None)] * 3
    assert (catalog.leftovers, catalog.unreadable) == ((), ())


def test_holds_and_verdicts_come_with_their_backup(bucket: InMemoryBucket) -> None:
    hold = Hold(FIRST, NOON, "audit", "alice")
    for backup_id in (FIRST, SECOND, THIRD):
        finish(bucket, backup_id)
    bucket.put(LAYOUT.hold(FIRST), hold.to_json())
    bucket.put(LAYOUT.verification(SECOND), b'{"ok": false, "seconds": 3}')
    bucket.put(LAYOUT.verification(THIRD), b'{"ok": true}')
    catalog = read_catalog(bucket, TARGET)
    assert [(entry.hold, entry.verified) for entry in catalog.entries] == [(hold, None), (None, False), (None, True)]
    assert catalog.unreadable == ()


def test_a_folder_without_a_manifest_is_a_leftover_with_its_claim_its_keys_and_its_last_write(
    bucket: InMemoryBucket,
) -> None:
    claim = Claim("app", FIRST, "run", "host", 1, NOON, "1")
    bucket.put(LAYOUT.started(FIRST), claim.to_json())
    bucket.put(LAYOUT.folder(FIRST) + "toc.dat", b"")
    bucket.put(LAYOUT.folder(FIRST) + "1.dat.zst", b"")
    (left,) = read_catalog(bucket, TARGET).leftovers
    assert (left.backup_id, left.claim) == (FIRST, claim)
    assert left.last_written == NOON + timedelta(minutes=3)
    assert sorted(left.keys) == [LAYOUT.folder(FIRST) + name for name in ("1.dat.zst", "started.json", "toc.dat")]


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"\xff\xfe",
        b"{}",
        Claim("other", FIRST, "run", "host", 1, NOON, "1").to_json(),
        Claim("app", SECOND, "run", "host", 1, NOON, "1").to_json(),
    ],
)
def test_a_claim_that_is_not_this_backup_s_is_none(bucket: InMemoryBucket, body: bytes) -> None:
    bucket.put(LAYOUT.started(FIRST), body)
    (left,) = read_catalog(bucket, TARGET).leftovers
    assert left.claim is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"not json", "is not a manifest that this version can read (Invalid JSON"),
        (b"\xff\xfe\x00", "is not a manifest that this version can read"),
        (b"", "is not a manifest that this version can read"),
        (b"[]", "is not a manifest that this version can read"),
        (
            json.dumps({**json.loads(manifest(FIRST).to_json()), "format": 3}).encode(),
            "(format: Input should be 1 or 2)",
        ),
        (manifest(SECOND).to_json(), "is the manifest of another backup: 20261121T020000Z of app."),
        (manifest(FIRST, "other").to_json(), "is the manifest of another backup: 20261120T020000Z of other."),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_said_in_one_sentence_and_is_no_leftover(
    bucket: InMemoryBucket, body: bytes, sentence: str
) -> None:
    bucket.put(LAYOUT.manifest(FIRST), body)
    finish(bucket, SECOND)
    catalog = read_catalog(bucket, TARGET)
    assert [entry.backup_id for entry in catalog.entries] == [SECOND]
    assert catalog.leftovers == ()
    (said,) = catalog.unreadable
    assert said.startswith(f"s3://backups/{LAYOUT.manifest(FIRST)} ")
    assert sentence in said
    assert said.endswith(".")
    assert "\n" not in said


def test_the_sentence_on_a_damaged_manifest_quotes_none_of_its_values(bucket: InMemoryBucket) -> None:
    bucket.put(LAYOUT.manifest(FIRST), json.dumps({"target": {"password": "hunter2"}}).encode())
    assert "hunter2" not in "".join(read_catalog(bucket, TARGET).unreadable)


def test_what_is_not_named_like_a_backup_or_not_ours_is_ignored(bucket: InMemoryBucket) -> None:
    finish(bucket, FIRST)
    made = manifest(SECOND).to_json()
    for key in (
        f"{LAYOUT.backups}latest/manifest.json",
        f"{LAYOUT.backups}20261399T020000Z/manifest.json",
        f"{LAYOUT.backups}20261121T020000Z.old/manifest.json",
        f"{LAYOUT.backups}manifest.json",
        f"{LAYOUT.root}{SECOND}/manifest.json",
        f"team/db/app2/backups/{SECOND}/manifest.json",
        f"team/db/backups/{SECOND}/manifest.json",
        f"{LAYOUT.holds}README",
        f"{LAYOUT.holds}somebody.json",
        LAYOUT.hold(SECOND),
        LAYOUT.verification(THIRD),
    ):
        bucket.put(key, made)
    catalog = read_catalog(bucket, TARGET)
    assert [entry.backup_id for entry in catalog.entries] == [FIRST]
    assert (catalog.leftovers, catalog.unreadable) == ((), ())


@pytest.mark.parametrize("body", [b"{", b"{}", Hold(SECOND, None, "r", "b").to_json()])
def test_a_hold_that_cannot_be_read_holds_without_an_end_and_is_said(bucket: InMemoryBucket, body: bytes) -> None:
    finish(bucket, FIRST)
    bucket.put(LAYOUT.hold(FIRST), body)
    catalog = read_catalog(bucket, TARGET)
    hold = catalog.entries[0].hold
    assert hold is not None
    assert (hold.backup_id, hold.until) == (FIRST, None)
    assert LAYOUT.hold(FIRST) in catalog.unreadable[0]


@pytest.mark.parametrize("body", [b"{", b"{}", b"[]", b'{"ok": "yes"}', b"\xff"])
def test_a_verification_that_cannot_be_read_is_no_verdict_and_is_said(bucket: InMemoryBucket, body: bytes) -> None:
    finish(bucket, FIRST)
    bucket.put(LAYOUT.verification(FIRST), body)
    catalog = read_catalog(bucket, TARGET)
    assert catalog.entries[0].verified is None
    assert LAYOUT.verification(FIRST) in catalog.unreadable[0]


def test_a_backup_that_is_finished_while_we_look_is_an_entry_and_not_a_leftover() -> None:
    class FinishingBucket(InMemoryBucket):
        def get(self, key: str) -> bytes:
            body = None
            try:
                body = super().get(key)
            finally:
                if key == LAYOUT.manifest(FIRST) and body is None:
                    finish(self, FIRST)
            return body

    bucket = FinishingBucket("backups", TickingClock())
    bucket.put(LAYOUT.folder(FIRST) + "toc.dat", b"")
    catalog = read_catalog(bucket, TARGET)
    assert [entry.backup_id for entry in catalog.entries] == [FIRST]
    assert catalog.leftovers == ()


def test_a_backup_that_is_deleted_while_we_look_is_nothing() -> None:
    class ForgettingBucket(InMemoryBucket):
        def get(self, key: str) -> bytes:
            for stored in self.list(LAYOUT.backups):
                self.delete(stored.key)
            return super().get(key)

    bucket = ForgettingBucket("backups", TickingClock())
    finish(bucket, FIRST)
    catalog = read_catalog(bucket, TARGET)
    assert (catalog.entries, catalog.leftovers, catalog.unreadable) == ((), (), ())


def test_a_manifest_that_the_store_lists_but_does_not_give_is_said_and_is_no_leftover() -> None:
    class LyingBucket(InMemoryBucket):
        def get(self, key: str) -> bytes:
            raise ObjectMissing(key)

    bucket = LyingBucket("backups", TickingClock())
    finish(bucket, FIRST)
    catalog = read_catalog(bucket, TARGET)
    assert (catalog.entries, catalog.leftovers) == ((), ())
    assert "is listed by the store, but cannot be read" in catalog.unreadable[0]


def test_a_store_that_fails_for_one_manifest_gives_no_half_catalog() -> None:
    class FailingBucket(InMemoryBucket):
        def get(self, key: str) -> bytes:
            if key == LAYOUT.manifest(SECOND):
                raise BucketError("The store is away.")
            return super().get(key)

    bucket = FailingBucket("backups", TickingClock())
    for backup_id in (FIRST, SECOND, THIRD):
        finish(bucket, backup_id)
    with pytest.raises(BucketError, match="away"):
        read_catalog(bucket, TARGET)


class RefusingBucket(InMemoryBucket):
    """Lists everything, and hands out nothing of ``refused``."""

    refused: frozenset[str] = frozenset()
    is_its_own = True

    def get(self, key: str) -> bytes:
        if key in self.refused:
            raise ObjectRefused(
                f"https://s3 refused to read s3://backups/{key}: it is archived (HTTP 403, request 4711).",
                "Thaw it.",
                place=f"s3://backups/{key}",
                why="it is archived",
                is_its_own=self.is_its_own,
            )
        return super().get(key)


@pytest.fixture
def refusing() -> RefusingBucket:
    """Three backups; of the second the hold and the verdict, of the third the verdict, and of a gone one as well."""
    bucket = RefusingBucket("backups", TickingClock())
    for backup_id in (FIRST, SECOND, THIRD):
        finish(bucket, backup_id)
    bucket.put(LAYOUT.hold(SECOND), Hold(SECOND, NOON, "audit", "alice").to_json())
    for backup_id in (BackupId("20261101T020000Z"), SECOND, THIRD):
        bucket.put(LAYOUT.verification(backup_id), verification(backup_id, of="app").to_json())
    return bucket


def said_of(key: str, then: str = "") -> str:
    return f"s3://backups/{key} is there, and the store will not hand it out: it is archived. Thaw it.{then}"


@pytest.mark.parametrize("is_its_own", [True, False])
def test_a_manifest_that_the_store_will_not_hand_out_is_told_and_left_alone(
    refusing: RefusingBucket, is_its_own: bool
) -> None:
    refusing.refused, refusing.is_its_own = frozenset({LAYOUT.manifest(FIRST)}), is_its_own
    catalog = read_catalog(refusing, TARGET)
    assert [entry.backup_id for entry in catalog.entries] == [SECOND, THIRD]
    assert catalog.leftovers == ()
    assert catalog.unreadable == (said_of(LAYOUT.manifest(FIRST)),)


def test_a_hold_that_the_store_will_not_hand_out_holds_without_an_end(refusing: RefusingBucket) -> None:
    refusing.refused = frozenset({LAYOUT.hold(SECOND)})
    catalog = read_catalog(refusing, TARGET)
    hold = catalog.entries[1].hold
    assert hold is not None
    assert (hold.backup_id, hold.until) == (SECOND, None)
    assert catalog.unreadable == (said_of(LAYOUT.hold(SECOND), " Until then it counts as a hold without an end."),)


def test_a_verdict_that_the_store_will_not_hand_out_leaves_its_backup_in_doubt(refusing: RefusingBucket) -> None:
    refusing.refused = frozenset({LAYOUT.verification(SECOND)})
    catalog = read_catalog(refusing, TARGET)
    assert [(entry.verified, entry.is_doubtful) for entry in catalog.entries] == [
        (None, False),
        (None, True),
        (True, False),
    ]
    assert catalog.unreadable == (
        said_of(LAYOUT.verification(SECOND), " Until then its backup is neither good nor bad."),
    )


def test_a_verdict_on_a_backup_that_is_gone_may_be_refused_as_it_may_be_damaged(refusing: RefusingBucket) -> None:
    refusing.refused = frozenset({LAYOUT.verification(BackupId("20261101T020000Z"))})
    catalog = read_catalog(refusing, TARGET)
    assert (catalog.past, catalog.unreadable, len(catalog.entries)) == ((), (), 3)


def test_a_leftover_whose_claim_the_store_will_not_hand_out_is_told_and_not_swept(refusing: RefusingBucket) -> None:
    begun = BackupId("20261119T020000Z")
    refusing.put(LAYOUT.started(begun), Claim("app", begun, "run", "host", 1, NOON, "1").to_json())
    refusing.refused = frozenset({LAYOUT.started(begun)})
    catalog = read_catalog(refusing, TARGET)
    assert (len(catalog.entries), catalog.leftovers) == (3, ())
    assert catalog.unreadable == (said_of(LAYOUT.started(begun)),)


def test_where_every_object_lies_in_an_archive_each_is_told_and_nothing_is_raised(refusing: RefusingBucket) -> None:
    refusing.refused = frozenset(stored.key for stored in refusing.list(""))
    catalog = read_catalog(refusing, TARGET)
    assert catalog.entries == ()
    assert catalog.unreadable == tuple(said_of(LAYOUT.manifest(backup_id)) for backup_id in (FIRST, SECOND, THIRD))


def test_where_no_object_is_handed_out_to_these_credentials_there_is_no_catalog(refusing: RefusingBucket) -> None:
    refusing.refused, refusing.is_its_own = frozenset(stored.key for stored in refusing.list("")), False
    with pytest.raises(ObjectRefused, match=r"manifest\.json: it is archived"):
        read_catalog(refusing, TARGET)


def test_the_only_manifest_is_refused_alone_where_another_object_of_the_target_is_handed_out() -> None:
    bucket = RefusingBucket("backups", TickingClock())
    finish(bucket, FIRST)
    bucket.refused, bucket.is_its_own = frozenset({LAYOUT.manifest(FIRST)}), False
    with pytest.raises(ObjectRefused):
        read_catalog(bucket, TARGET)
    bucket.put(LAYOUT.index, b"{}")
    assert read_catalog(bucket, TARGET).unreadable == (said_of(LAYOUT.manifest(FIRST)),)


def test_a_proof_is_remembered_when_its_backup_has_expired(bucket: InMemoryBucket) -> None:
    finish(bucket, THIRD)
    proofs = [verification(backup_id, finished=backup_id.time, of="app") for backup_id in (FIRST, SECOND)]
    for proof in proofs:
        bucket.put(LAYOUT.verification(proof.backup_id), proof.to_json())

    catalog = read_catalog(bucket, TARGET)

    assert catalog.past == tuple(proofs)
    assert catalog.last_proof == proofs[1]
    assert [entry.verified for entry in catalog.entries] == [None]


def test_only_the_newest_few_verdicts_on_expired_backups_are_read(bucket: InMemoryBucket) -> None:
    ids = [BackupId.at(FIRST.time + timedelta(days=day)) for day in range(30)]
    for backup_id in ids:
        bucket.put(LAYOUT.verification(backup_id), verification(backup_id, of="app").to_json())

    assert [proof.backup_id for proof in read_catalog(bucket, TARGET).past] == ids[-4:]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"ok": 1}', b"[" * 100_000], ids=["empty", "list", "number", "deep"])
def test_a_verdict_that_cannot_be_read_leaves_its_backup_in_doubt_and_it_is_never_deleted(
    bucket: InMemoryBucket, body: bytes
) -> None:
    for backup_id in (FIRST, SECOND, THIRD):
        bucket.put(LAYOUT.manifest(backup_id), manifest(backup_id).to_json())
    bucket.put(LAYOUT.verification(SECOND), body)
    catalog = read_catalog(bucket, TARGET)
    assert [entry.is_doubtful for entry in catalog.entries] == [False, True, False]
    assert LAYOUT.verification(SECOND) in catalog.unreadable[0]
    rules = RetentionPolicy(last=2, daily=0, weekly=0, monthly=0, yearly=0, minimum_redundancy=1)
    plan = catalog.plan_retention(rules, NOON, TARGET.zone)
    assert plan.expire == {}
    assert plan.keep[FIRST] == ("last 2 of 2",)  # what is in doubt takes nobody's place
