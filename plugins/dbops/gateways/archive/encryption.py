"""ArchiveEncryption: how the files of one archive are encrypted on their way, and what their clear text is held to.

The sha256 of the clear files lie encrypted beside them, in ``SHA256SUMS.age``, and not in the manifest: that of a small
table would betray its rows to whoever can guess them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbops.domain.backups.backup import encrypted_name
from dbops.errors import BackupUnusable
from dbops.gateways.age import Recipients
from dbops.gateways.archive.encrypted_file import EncryptedFile
from dbops.gateways.dump.spool import Spool

CLEAR_SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class ArchiveEncryption:
    """For whom, and where what was encrypted waits to be sent: ``spool`` is nobody else's."""

    recipients: Recipients
    spool: Spool

    def begin(self, clear_name: str) -> EncryptedFile:
        """The file that this file of the archive becomes."""
        return EncryptedFile(self.spool.path / encrypted_name(clear_name), self.recipients)


def write_sums(sums: Mapping[str, str]) -> bytes:
    """As `sha256sum` writes and checks them."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items())).encode()


def read_sums(body: bytes, where: str) -> dict[str, str]:
    """The sha256 by file name; raises BackupUnusable."""
    lines = [line.partition("  ") for line in body.decode(errors="replace").splitlines()]
    if any(not (sha256 and name) for sha256, _, name in lines):
        raise BackupUnusable(f"{where} holds no list of checksums.", "Use another backup.")
    return {name: sha256 for sha256, _, name in lines}
