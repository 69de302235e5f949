"""A store that refuses for good is asked once, and the error says what to do; no key of ours is ever in it."""

from __future__ import annotations

import io
import secrets
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.storage import S3Options
from dbops.errors import BucketError, ObjectRefused
from dbops.gateways.s3 import S3Bucket, connect
from dbops.gateways.store.catalogs import read_catalog
from demo.seaweed import Keys, SeaweedS3
from tests.backups import target
from tests.faults.hostile_s3 import HostileS3, Mischief, SeenRequest
from tests.unit.samples import manifest, store_backup

OPTIONS = S3Options(addressing_style="path", attempts=3)
Open = Callable[..., S3Bucket]


@pytest.fixture
def open_as(proxy: HostileS3, bucket_name: str) -> Iterator[Open]:
    """Opens the bucket through the proxy with the given keys."""
    clients = []

    def open_with(keys: Keys, name: str = bucket_name, session_token: str | None = None) -> S3Bucket:
        clients.append(
            connect(
                options=OPTIONS,
                endpoint_url=proxy.endpoint_url,
                region="us-east-1",
                access_key=keys.access_key,
                secret_key=keys.secret_key,
                session_token=session_token,
            )
        )
        return S3Bucket(clients[-1], name, OPTIONS)

    yield open_with
    for client in clients:
        client.close()


def refusal(ask: Callable[[], object], *hidden: str) -> BucketError:
    """What was raised, after a look for secrets in all that a log would show of it."""
    with pytest.raises(BucketError) as raised:
        ask()
    shown = "".join(traceback.format_exception(raised.value))
    assert not [secret for secret in hidden if secret in shown]
    return raised.value


def test_a_wrong_secret_key_is_named_as_such_and_tried_once(
    s3_server: SeaweedS3, proxy: HostileS3, open_as: Open
) -> None:
    wrong = replace(s3_server.owner, secret_key="not-the-secret-key")
    error = refusal(lambda: open_as(wrong).put("key", b""), wrong.access_key, wrong.secret_key)
    assert "the secret key does not belong to the access key (SignatureDoesNotMatch, HTTP 403" in error.what
    assert "keys of the storage connection" in error.remedy
    assert len(proxy.seen) == 1


def test_an_unknown_access_key_is_named_as_such(open_as: Open) -> None:
    stranger = Keys.generate()
    error = refusal(lambda: open_as(stranger).get("key"), stranger.access_key, stranger.secret_key)
    assert "it does not know the access key" in error.what


@pytest.mark.parametrize("flaw", ["\n", "\r\n"])
def test_a_line_end_in_a_key_is_named_without_showing_the_key(s3_server: SeaweedS3, open_as: Open, flaw: str) -> None:
    flawed = replace(s3_server.owner, access_key=s3_server.owner.access_key + flaw)
    error = refusal(lambda: open_as(flawed).put("key", io.BytesIO(b"x")), s3_server.owner.access_key)
    assert "the request could not be built" in error.what
    assert "line end" in error.remedy


def test_a_line_end_in_a_session_token_is_named_without_showing_the_token(s3_server: SeaweedS3, open_as: Open) -> None:
    token = secrets.token_hex(20)
    bucket = open_as(s3_server.owner, session_token=f"{token}\n")
    assert "line end" in refusal(lambda: bucket.put("key", b""), token).remedy


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda bucket: bucket.put("key", b""), ("write", "s3:PutObject")),
        (lambda bucket: bucket.create("key", b""), ("create", "s3:PutObject")),
        (lambda bucket: bucket.delete("key"), ("delete", "s3:DeleteObject")),
        (lambda bucket: bucket.begin_upload("key"), ("begin the upload of", "s3:PutObject")),
    ],
)
def test_a_missing_permission_is_named(
    s3_server: SeaweedS3, proxy: HostileS3, open_as: Open, ask: Callable[[S3Bucket], object], words: tuple[str, str]
) -> None:
    assert s3_server.reader
    bucket = open_as(s3_server.reader)
    error = refusal(lambda: ask(bucket), s3_server.reader.access_key, s3_server.reader.secret_key)
    verb, permission = words
    assert f"{proxy.endpoint_url} refused to {verb} s3://{bucket.name}/key: these credentials may not" in error.what
    assert f"Grant {permission} " in error.remedy
    assert len(proxy.seen) == 1


def test_a_missing_bucket_is_named(s3_server: SeaweedS3, proxy: HostileS3, open_as: Open) -> None:
    bucket = open_as(s3_server.owner, "no-such-bucket")
    for ask in (
        lambda: bucket.put("key", b""),
        lambda: bucket.create("key", b""),
        lambda: bucket.get("key"),
        lambda: list(bucket.list("")),
        lambda: list(bucket.folders("")),
        lambda: bucket.begin_upload("key"),
    ):
        error = refusal(ask)
        assert "s3://no-such-bucket/" in error.what
        assert "there is no such bucket" in error.what
        assert "storage.bucket" in error.remedy
    assert len(proxy.seen) == 6


def test_an_impossible_bucket_name_is_named(s3_server: SeaweedS3, proxy: HostileS3, open_as: Open) -> None:
    error = refusal(lambda: open_as(s3_server.owner, "no bucket at all").get("key"))
    assert "the bucket's name or the key is not valid" in error.what
    assert proxy.seen == []


OLD, NEW = BackupId("20261001T020000Z"), BackupId("20261122T020000Z")


_WHY = {
    Mischief.ARCHIVE: "it lies in an archive class, from which nothing is read before it is thawed",
    Mischief.DENY: "these credentials may not do that",
}


@pytest.mark.parametrize("mischief", list(_WHY))
def test_one_manifest_that_the_store_will_not_hand_out_is_told_and_the_others_are_read(
    s3_server: SeaweedS3, proxy: HostileS3, open_as: Open, bucket_name: str, mischief: Mischief
) -> None:
    bucket, wanted = open_as(s3_server.owner), target(bucket_name)
    layout = Layout(wanted.root)
    for backup_id in (OLD, NEW):
        store_backup(bucket, layout, manifest(backup_id, of=wanted.name))

    def is_the_old_one(request: SeenRequest) -> bool:
        return request.method == "GET" and request.path.endswith(layout.manifest(OLD))

    proxy.misbehave(mischief, when=is_the_old_one)
    catalog = read_catalog(bucket, wanted)
    assert [entry.backup_id for entry in catalog.entries] == [NEW]
    assert catalog.leftovers == ()
    place = f"s3://{bucket_name}/{layout.manifest(OLD)}"
    assert catalog.unreadable[0].startswith(f"{place} is there, and the store will not hand it out: {_WHY[mischief]} (")
    assert catalog.unreadable == read_catalog(bucket, wanted).unreadable, "or it would be mailed anew each hour"


@pytest.mark.parametrize("mischief", [Mischief.DENY, Mischief.EXPIRE, Mischief.SLOW_DOWN])
def test_where_no_manifest_can_be_read_there_is_no_catalog(
    s3_server: SeaweedS3, proxy: HostileS3, open_as: Open, bucket_name: str, mischief: Mischief
) -> None:
    bucket, wanted = open_as(s3_server.owner), target(bucket_name)
    for backup_id in (OLD, NEW):
        store_backup(bucket, Layout(wanted.root), manifest(backup_id, of=wanted.name))
    proxy.misbehave(mischief, when=lambda request: request.method == "GET" and ".json" in request.path)
    with pytest.raises(BucketError) as raised:
        read_catalog(bucket, wanted)
    assert isinstance(raised.value, ObjectRefused) == (mischief is Mischief.DENY)


def test_one_manifest_that_is_refused_for_a_while_gives_no_half_catalog(
    s3_server: SeaweedS3, proxy: HostileS3, open_as: Open, bucket_name: str
) -> None:
    bucket, wanted = open_as(s3_server.owner), target(bucket_name)
    layout = Layout(wanted.root)
    for backup_id in (OLD, NEW):
        store_backup(bucket, layout, manifest(backup_id, of=wanted.name))
    proxy.misbehave(
        Mischief.SLOW_DOWN, when=lambda one: one.method == "GET" and one.path.endswith(layout.manifest(OLD))
    )
    with pytest.raises(BucketError, match="after 3 attempts: it is overloaded"):
        read_catalog(bucket, wanted)
