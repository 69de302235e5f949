"""ArchiveKey: opens the files of an encrypted archive, and lets nothing through to its end that is not proven."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dbops.domain.backups.backup import BackupManifest, FileEntry
from dbops.domain.target import Target
from dbops.errors import BackupUnusable, IdentityMissing, InvalidConnection
from dbops.gateways.age import Identities, IdentitySource, NotDecryptable, NotForUs

_BLOCK = 256 * 1024
_PIECE = 64 * 1024


@dataclass(frozen=True)
class ArchiveKey:
    """``identities`` open it; ``sums`` are the sha256 that its files have when they are open, by name."""

    identities: Identities
    sums: Mapping[str, str]

    def decrypt(self, file: FileEntry, where: str, pieces: Iterable[bytes], give: Callable[[bytes], None]) -> None:
        """Decrypt the ``pieces`` of a file and ``give`` them on; raises BackupUnusable, naming it by ``where``.

        The last bytes are given only when the whole file is proven to be what pg_dump has written. What ``pieces`` and
        ``give`` raise is raised as it is.
        """
        clear = _Withheld(give)
        try:
            self.identities.decrypt(io.BufferedReader(_Joined(pieces), _PIECE), clear)
        except NotForUs:
            raise BackupUnusable(
                f"{where} is encrypted for a different recipient than the other files of its backup.",
                "Use another backup, and find out who put that file there.",
            ) from None
        except NotDecryptable as error:
            raise not_decryptable(where, error) from None
        sha256, expected = clear.sha256, self.sums.get(file.clear_name)
        if sha256 != expected:
            raise BackupUnusable(
                f"{where} was decrypted, but is not what was encrypted: its sha256 is {sha256}, and the backup says "
                f"{expected or 'nothing of it'}.",
                "Use another backup, and find out who put that file there.",
            )
        clear.give_rest()

    def decrypt_bytes(self, file: FileEntry, where: str, body: bytes) -> bytes:
        """The same of a small file."""
        clear: list[bytes] = []
        self.decrypt(file, where, [body], clear.append)
        return b"".join(clear)


def find_identities(target: Target, manifest: BackupManifest, source: IdentitySource) -> Identities:
    """The keys at hand; raises IdentityMissing where there is none."""
    try:
        identities = source()
    except InvalidConnection as error:
        raise IdentityMissing(f"{_closed(target, manifest)}: {error.what}", error.remedy) from None
    if not identities.keys:
        raise IdentityMissing(
            f"{_closed(target, manifest)}: encryption.identities of the target names no key.",
            f"Name a connection there whose password is the secret key of {_either(manifest)}.",
        )
    return identities


def wrong_identities(target: Target, manifest: BackupManifest, identities: Identities) -> IdentityMissing:
    """Those at hand are not those it was encrypted for; one that is not at hand may be."""
    missing = f" Not at hand: {' '.join(identities.missing)}" if identities.missing else ""
    whose = f" (those of {' and '.join(identities.public)})" if identities.public else ""
    return IdentityMissing(
        f"{_closed(target, manifest)}: none of the keys that encryption.identities of the target names{whose} "
        f"fits.{missing}",
        f"Name another connection there whose password is the secret key of {_either(manifest)}.",
    )


def not_decryptable(where: str, error: NotDecryptable) -> BackupUnusable:
    """An age file that is damaged in a way that its sha256 did not show."""
    return BackupUnusable(
        f"{where} cannot be decrypted: it was truncated or changed, or is not an age file ({error}).",
        "Use another backup, and find out what changed this one.",
    )


def _closed(target: Target, manifest: BackupManifest) -> str:
    return (
        f"Backup {manifest.backup_id} of {target.name} is encrypted and cannot be opened here, which says nothing "
        f"about the backup"
    )


def _either(manifest: BackupManifest) -> str:
    return " or ".join(manifest.encryption_recipients)


class _Joined(io.RawIOBase):
    """Pieces as one stream."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer cannot be indexed
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        length = min(len(buffer), len(self._left))
        buffer[:length] = self._left[:length]
        self._left = self._left[length:]
        return length


class _Withheld:
    """A sink that hashes what it is given, and gives it on in blocks: all but the last one, for which it is asked."""

    def __init__(self, give: Callable[[bytes], None]) -> None:
        self._give = give
        self._digest = hashlib.sha256()
        self._waiting = bytearray()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, block: bytes) -> int:
        if len(self._waiting) >= _BLOCK:
            self.give_rest()
        self._digest.update(block)
        self._waiting += block
        return len(block)

    def give_rest(self) -> None:
        given, self._waiting = bytes(self._waiting), bytearray()
        if given:
            self._give(given)
