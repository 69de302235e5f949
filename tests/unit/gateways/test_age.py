"""Promises of the encryption: whatever the pieces, the same comes out again; and of what was changed, nothing whole."""

from __future__ import annotations

import io

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbops.domain.backups.backup import FileEntry
from dbops.errors import BackupUnusable, InvalidConnection, InvalidTarget
from dbops.gateways.age import Identities, NotDecryptable, NotForUs, Recipients
from dbops.gateways.archive.decryption import ArchiveKey

SECRET = str(pyrage.x25519.Identity.generate())
KEYS = Identities.read({"key": SECRET})
RECIPIENTS = Recipients(KEYS.public)
CLEAR = bytes(range(256)) * 600  # more than two of age's chunks
ENCRYPTED = RECIPIENTS.encrypt_bytes(CLEAR)
bodies = st.one_of(st.binary(max_size=300), st.integers(0, 200_000).map(lambda length: (b"row\n" * 50_000)[:length]))


class Trickle:
    """Yields its bytes a few at a time, as a growing file does."""

    def __init__(self, body: bytes, step: int) -> None:
        self._body, self._step = io.BytesIO(body), step

    def read(self, size: int, /) -> bytes:
        return self._body.read(min(self._step, size) if size >= 0 else self._step)


@settings(max_examples=50)
@given(body=bodies, step=st.integers(1, 100_000), back=st.integers(1, 100_000))
def test_what_was_encrypted_in_any_pieces_is_decrypted_in_any_other(body: bytes, step: int, back: int) -> None:
    encrypted, clear = io.BytesIO(), io.BytesIO()
    RECIPIENTS.encrypt(Trickle(body, max(step, len(body) // 500 + 1)), encrypted)
    KEYS.decrypt(Trickle(encrypted.getvalue(), max(back, len(body) // 500 + 1)), clear)
    assert clear.getvalue() == body


@settings(max_examples=50)
@given(place=st.integers(0, len(ENCRYPTED) - 1), bit=st.integers(0, 7))
def test_a_bit_that_was_flipped_anywhere_is_noticed(place: int, bit: int) -> None:
    changed = bytearray(ENCRYPTED)
    changed[place] ^= 1 << bit
    with pytest.raises((NotDecryptable, NotForUs)):
        KEYS.decrypt_bytes(bytes(changed))


@settings(max_examples=50)
@given(length=st.integers(0, len(ENCRYPTED) - 1))
def test_a_file_that_was_cut_off_anywhere_is_noticed(length: int) -> None:
    with pytest.raises(NotDecryptable):
        KEYS.decrypt_bytes(ENCRYPTED[:length])


@settings(max_examples=50)
@given(step=st.integers(500, 200_000), length=st.integers(0, len(ENCRYPTED)))
def test_the_end_of_a_file_is_only_given_when_all_of_it_is_proven(step: int, length: int) -> None:
    given: list[bytes] = []
    key = ArchiveKey(KEYS, {"1.dat.zst": "0" * 64})
    pieces = [ENCRYPTED[:length][start : start + step] for start in range(0, length, step)]
    with pytest.raises(BackupUnusable, match=r"s3://vault/1\.dat\.zst\.age"):
        key.decrypt(FileEntry("1.dat.zst.age", 0, ""), "s3://vault/1.dat.zst.age", pieces, given.append)
    assert CLEAR.startswith(b"".join(given))
    assert len(b"".join(given)) < len(CLEAR)


def test_each_of_several_recipients_alone_can_decrypt() -> None:
    other = str(pyrage.x25519.Identity.generate())
    both = Recipients([*KEYS.public, *Identities.read({"other": other}).public])
    for secret in (SECRET, other):
        assert Identities.read({"key": secret}).decrypt_bytes(both.encrypt_bytes(b"rows")) == b"rows"


def test_nobody_else_can_decrypt() -> None:
    stranger = Identities.read({"key": str(pyrage.x25519.Identity.generate())})
    with pytest.raises(NotForUs):
        stranger.decrypt_bytes(ENCRYPTED)


def test_an_identity_file_has_comments_and_several_keys() -> None:
    text = f"# created: 2026-11-22\n# public key: {KEYS.public[0]}\n\n{pyrage.x25519.Identity.generate()}\n {SECRET} \n"
    assert Identities.read({"key": text}).decrypt_bytes(ENCRYPTED) == CLEAR


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "hunter2", SECRET[:-3], f"{SECRET}\nhunter2", "-----BEGIN hunter2"],
    ids=["nothing", "a comment", "a word", "a cut key", "a word behind a key", "half an ssh key"],
)
def test_what_is_no_identity_is_refused_by_the_name_of_its_connection_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidConnection, match='"backup_key" is not an age identity') as refused:
        Identities.read({"backup_key": text})
    assert "hunter2" not in str(refused.value)
    assert SECRET[20:40] not in str(refused.value)


def test_secrets_do_not_show() -> None:
    assert SECRET[20:40] not in repr(KEYS)


def test_a_recipient_that_the_library_refuses_is_refused_by_the_name_of_its_key() -> None:
    with pytest.raises(InvalidTarget, match=r"encryption\.recipients"):
        Recipients(["ssh-ed25519 AAAA"])


@pytest.mark.parametrize("raised", [KeyError("a"), BrokenPipeError("a"), ValueError("matching keys")])
def test_what_the_two_ends_raise_is_raised_as_it_is(raised: Exception) -> None:
    class Broken:
        def read(self, _size: int, /) -> bytes:
            raise raised

        def write(self, _block: bytes, /) -> int:
            raise raised

    for work, source, sink in (
        (RECIPIENTS.encrypt, Broken(), io.BytesIO()),
        (RECIPIENTS.encrypt, io.BytesIO(CLEAR), Broken()),
        (KEYS.decrypt, Broken(), io.BytesIO()),
        (KEYS.decrypt, io.BytesIO(ENCRYPTED), Broken()),
    ):
        with pytest.raises(type(raised)) as caught:
            work(source, sink)
        assert caught.value is raised


class BreaksAt:
    """A sink, or a source, of which the write or read with that number fails; ``worked`` counts them."""

    def __init__(self, number: int, body: bytes = b"") -> None:
        self._number, self._body, self.worked = number, io.BytesIO(body), 0

    def read(self, size: int, /) -> bytes:
        self._count()
        return self._body.read(size)

    def write(self, block: bytes, /) -> int:
        self._count()
        return len(block)

    def _count(self) -> None:
        self.worked += 1
        if self.worked == self._number:
            raise BrokenPipeError(f"number {self._number}")


@pytest.mark.parametrize("length", [0, 4, 64 * 1024, 200_000])
def test_no_failure_of_either_end_is_swallowed_down_to_the_very_last_write(length: int) -> None:
    clear = bytes(length)
    encrypted = RECIPIENTS.encrypt_bytes(clear)
    for work, body in ((RECIPIENTS.encrypt, clear), (KEYS.decrypt, encrypted)):
        source, sink = BreaksAt(0, body), BreaksAt(0)
        work(source, sink)
        for number in range(1, source.worked + 1):
            with pytest.raises(BrokenPipeError, match=f"number {number}$"):
                work(BreaksAt(number, body), io.BytesIO())
        for number in range(1, sink.worked + 1):
            with pytest.raises(BrokenPipeError, match=f"number {number}$"):
                work(io.BytesIO(body), BreaksAt(number))
