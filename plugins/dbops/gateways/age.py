"""age: encrypts for recipients and decrypts with identities; nobody else knows the library that does it.

What it writes is what the program `age` writes: a header that holds the file's key once for each recipient, and then
the file in chunks of 64 KiB, each of which proves itself, its place and, at the end, that nothing is missing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyrage

from dbops.errors import InvalidConnection, InvalidTarget

_SSH = "-----BEGIN"
_COMMENT = "#"


class Source(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes | None:
        """Up to ``size`` bytes; none at the end."""


class Sink(Protocol):
    """What takes bytes."""

    def write(self, block: bytes, /) -> int:
        """Take all of it; gives its length."""


class NotForUs(Exception):
    """The file is encrypted for somebody else."""


class NotDecryptable(Exception):
    """The file is no age file, was changed, or ends too early; what was written of it until then is genuine."""


class Recipients:
    """For whom to encrypt; ``names`` are public keys as a target's file has them."""

    def __init__(self, names: Sequence[str]) -> None:
        try:
            self._keys = [_public(name) for name in names]
        except pyrage.RecipientError as error:  # what Recipient has let pass, and is on no curve, for example
            raise InvalidTarget(
                f"One of encryption.recipients cannot be encrypted for: {error}.", "Write another public key there."
            ) from None

    def encrypt(self, source: Source, sink: Sink) -> None:
        """Encrypt all of ``source`` into ``sink``; memory does not grow with it. What they raise is raised as it is."""
        reading, writing = _Reading(source), _Writing(sink)
        try:
            pyrage.encrypt_io(reading, writing, self._keys)
        except (pyrage.EncryptError, OSError):
            _raise_first(reading, writing)
            raise
        _raise_first(reading, writing)  # it says nothing of a last write that failed

    def encrypt_bytes(self, body: bytes) -> bytes:
        """The same of something small."""
        encrypted: bytes = pyrage.encrypt(body, self._keys)
        return encrypted


@dataclass(frozen=True)
class Identities:
    """Secret keys, several of them where keys have been changed. ``public`` are the public ones of those that tell.

    ``missing`` says, a sentence for each, why those that were named too are not among them.
    """

    keys: tuple[Any, ...] = field(repr=False)
    public: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @classmethod
    def look_up(cls, connections: Sequence[str], password: Callable[[str], str]) -> Identities:
        """Of the passwords of connections: those that can be had. Raises InvalidConnection where none of them can."""
        found: list[Identities] = []
        refusals: list[InvalidConnection] = []
        for connection in dict.fromkeys(connections):
            try:
                found.append(cls.read({connection: password(connection)}))
            except InvalidConnection as refusal:  # a machine may have the newer keys only, or the older ones
                refusals.append(refusal)
        if refusals and not found:
            remedies = dict.fromkeys(each.remedy for each in refusals)
            raise InvalidConnection(" ".join(each.what for each in refusals), " ".join(remedies))
        return cls(
            tuple(key for each in found for key in each.keys),
            tuple(name for each in found for name in each.public),
            tuple(refusal.what for refusal in refusals),
        )

    @classmethod
    def read(cls, texts: Mapping[str, str]) -> Identities:
        """Of identity files, or their only lines, by the connections that hold them; raises InvalidConnection."""
        keys = tuple(key for connection, text in texts.items() for key in _secrets(connection, text))
        return cls(keys, tuple(str(key.to_public()) for key in keys if isinstance(key, pyrage.x25519.Identity)))

    def decrypt(self, source: Source, sink: Sink) -> None:
        """Decrypt all of ``source`` into ``sink``; raises NotForUs and NotDecryptable, and what the two raise."""
        reading, writing = _Reading(source), _Writing(sink)
        try:
            pyrage.decrypt_io(reading, writing, self.keys)
        except (pyrage.DecryptError, OSError) as error:
            _raise_first(reading, writing)
            # "No matching keys found" is its only word for that; everything else is the file's fault.
            raise (NotForUs if "matching keys" in str(error) else NotDecryptable)(str(error)) from None
        _raise_first(reading, writing)  # it says nothing of a last write that failed

    def decrypt_bytes(self, body: bytes) -> bytes:
        """The same of something small."""
        clear = io.BytesIO()
        self.decrypt(io.BytesIO(body), clear)
        return clear.getvalue()


IdentitySource = Callable[[], Identities]


def no_identities() -> Identities:
    """Where a backup is read without any: those that are encrypted stay closed."""
    return Identities(())


def _public(name: str) -> Any:
    return (pyrage.ssh if name.startswith("ssh-") else pyrage.x25519).Recipient.from_str(name)


def _secrets(connection: str, text: str) -> Iterator[Any]:
    found = False
    try:
        if text.lstrip().startswith(_SSH):
            found = True
            yield pyrage.ssh.Identity.from_buffer(text.strip().encode() + b"\n")
            return
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith(_COMMENT):
                found = True
                yield pyrage.x25519.Identity.from_str(line.strip())
    except pyrage.IdentityError:
        found = False
    if not found:
        raise InvalidConnection(
            f'The password of the connection "{connection}" is not an age identity.',
            "It must be the line that begins with AGE-SECRET-KEY-1, the whole file of age-keygen, or an SSH private "
            "key without a passphrase.",
        )


class _Reading(io.BufferedIOBase):
    """Keeps what its source raised: the library gives back only the words."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self.raised: BaseException | None = None

    def read(self, size: int | None = -1) -> bytes:
        try:
            return self._source.read(-1 if size is None else size) or b""
        except BaseException as error:
            self.raised = error
            raise


class _Writing(io.BufferedIOBase):
    """Keeps what its sink raised."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink
        self.raised: BaseException | None = None

    def write(self, block: bytes) -> int:  # type: ignore[override]  # the library gives it bytes
        try:
            return self._sink.write(block)
        except BaseException as error:
            self.raised = error
            raise


def _raise_first(*sides: _Reading | _Writing) -> None:
    for side in sides:
        if side.raised is not None:
            raise side.raised from None
