"""Promises of an upload that encrypts: however the file grows and is cut, what was written is what comes out again."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import tempfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pyrage
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from dbops.domain.backups.backup import FileEntry
from dbops.errors import SpoolError
from dbops.gateways.age import Identities, Recipients
from dbops.gateways.archive.encrypted_file import EncryptedFile
from dbops.gateways.archive.file_upload import FileUpload
from dbops.gateways.archive.growing_file import GrowingFile
from dbops.gateways.dump.copy_rows import RowCounter
from dbops.gateways.dump.spool import Spool
from dbops.gateways.dump.throttle import Throttle
from dbops.gateways.store.memory_bucket import InMemoryBucket
from tests.faults.job import wait_until
from tests.unit.samples import Clock

KEYS = Identities.read({"key": str(pyrage.x25519.Identity.generate())})
RECIPIENTS = Recipients(KEYS.public)
MIB = 1024**2
ROWS = b"".join(b"%d\t%s\n" % (number, os.urandom(40).hex().encode()) for number in range(20_000))
TABLE = zstd.compress(ROWS + b"\\.\n\n\n")


class Sending:
    """One file on its way into a bucket in memory."""

    def __init__(self, folder: Path, *, first_part: int, counter: RowCounter | None = None) -> None:
        self.bucket = InMemoryBucket("vault", Clock())
        self.path = folder / "1.dat.zst"
        self.path.touch()
        abandoned = threading.Event()
        self.file = GrowingFile(self.path, abandoned)
        self.encrypted = EncryptedFile(folder / "1.dat.zst.age", RECIPIENTS)
        self.senders = ThreadPoolExecutor(2)
        self.upload = FileUpload(
            self.file,
            self.bucket,
            "folder/1.dat.zst.age",
            "1.dat.zst.age",
            senders=self.senders,
            first_part=first_part,
            throttle=Throttle(None),
            punchable=True,
            abandoned=abandoned,
            on_failure=lambda _error: None,
            counter=counter,
            encrypted=self.encrypted,
        )

    def send(self, pieces: Iterable[bytes]) -> FileEntry:
        """Write the file piece by piece, as pg_dump does, while it is sent."""
        with ThreadPoolExecutor(1) as follower, self.senders:
            result = follower.submit(self.upload.run)
            with self.path.open("ab", buffering=0) as growing:
                for piece in pieces:
                    growing.write(piece)
            self.file.finish()
            return result.result()

    @property
    def stored(self) -> bytes:
        return self.bucket.get("folder/1.dat.zst.age")


@settings(max_examples=25)
@given(
    cuts=st.lists(st.integers(0, len(TABLE)), max_size=8),
    first_part=st.integers(1_000, 2 * len(TABLE)),
    length=st.integers(0, len(TABLE)),
)
def test_the_clear_text_is_what_was_written_however_it_grew_and_was_cut(
    cuts: list[int], first_part: int, length: int
) -> None:
    body = TABLE[:length]
    edges = [0, *sorted(min(cut, length) for cut in cuts), length]
    with tempfile.TemporaryDirectory() as folder:
        sending = Sending(Path(folder), first_part=first_part)
        entry = sending.send([body[start:end] for start, end in pairwise(edges)])
        assert list(Path(folder).iterdir()) == []
    assert KEYS.decrypt_bytes(sending.stored) == body
    assert (entry.bytes, entry.sha256) == (len(sending.stored), hashlib.sha256(sending.stored).hexdigest())
    assert sending.upload.clear_sha256 == hashlib.sha256(body).hexdigest()


def test_rows_are_counted_before_they_are_encrypted(tmp_path: Path) -> None:
    counter = RowCounter("1.dat.zst")
    Sending(tmp_path, first_part=100_000, counter=counter).send([TABLE])
    assert (counter.rows, counter.bytes) == (20_000, len(ROWS))


def test_what_is_encrypted_gives_its_disk_space_back_and_what_is_stored_too(tmp_path: Path) -> None:
    with Spool(tmp_path, "shop") as spool:
        assert spool.can_punch
        sending = Sending(spool.path, first_part=5 * MIB)
        clear = os.dup(sending.file.descriptor)
        opened: list[int] = []
        noise = os.urandom(MIB)

        def pieces() -> Iterator[bytes]:
            yield from [noise] * 12
            wait_until(lambda: sending.encrypted.written, "something of it is encrypted")
            opened.append(os.dup(sending.encrypted.descriptor))
            yield from [noise] * 12

        sending.send(pieces())
        (encrypted,) = opened
        assert os.fstat(clear).st_size == 24 * MIB
        assert os.fstat(clear).st_blocks * 512 <= 64 * 1024
        assert os.fstat(encrypted).st_blocks * 512 <= 64 * 1024
        for descriptor in (clear, encrypted):
            os.close(descriptor)
    assert sending.upload.held == 0
    assert sending.upload.stored == len(sending.stored)


@pytest.mark.parametrize("length", [1, 64 * 1024 - 1, 64 * 1024, 3 * MIB + 1])
def test_while_no_part_is_full_all_that_is_held_waits_for_more_to_be_written(tmp_path: Path, length: int) -> None:
    sending = Sending(tmp_path, first_part=5 * MIB)
    with ThreadPoolExecutor(1) as follower, sending.senders:
        result = follower.submit(sending.upload.run)
        sending.path.write_bytes(bytes(length))
        wait_until(lambda: sending.file.position == length, "it is read")
        wait_until(lambda: sending.upload.waiting == sending.upload.held, "nothing is held but what waits")
        assert sending.upload.held >= length % (64 * 1024)
        sending.file.finish()
        assert sending.upload.waiting == 0
        result.result()


class FullDisk(io.BytesIO):
    """What is encrypted, on a disk that is full by the time that it is first read."""

    encrypted: EncryptedFile

    def read(self, size: int | None = -1, /) -> bytes:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, self.encrypted.descriptor)
        os.close(full)
        return super().read(size)


def test_a_full_disk_is_said_by_the_folder(tmp_path: Path) -> None:
    source = FullDisk(b"rows")
    source.encrypted = EncryptedFile(tmp_path / "1.dat.age", RECIPIENTS)
    with pytest.raises(SpoolError, match="is full"):
        source.encrypted.fill(source, lambda _block: None)
    source.encrypted.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_turn_has_not_come_takes_no_descriptor(tmp_path: Path) -> None:
    waiting = [EncryptedFile(tmp_path / f"{number}.dat.age", RECIPIENTS) for number in range(100)]
    assert list(tmp_path.iterdir()) == []
    for encrypted in waiting:
        encrypted.close()
        encrypted.discard()


def test_a_file_that_cannot_be_made_is_said_by_the_folder(tmp_path: Path) -> None:
    encrypted = EncryptedFile(tmp_path / "gone" / "1.dat.age", RECIPIENTS)
    with pytest.raises(SpoolError, match=f"spool directory {tmp_path / 'gone'}: No such file"):
        encrypted.fill(io.BytesIO(b"rows"), lambda _block: None)
    encrypted.discard()


def test_too_many_open_files_are_not_called_a_broken_disk(tmp_path: Path) -> None:
    encrypted = EncryptedFile(tmp_path / "1.dat.age", RECIPIENTS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(SpoolError, match="Too many open files") as refused:
            encrypted.fill(io.BytesIO(b"rows"), lambda _block: None)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "limit of open files" in refused.value.remedy
