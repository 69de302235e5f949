"""Recovery time: how long a restore will take, by how long the newest good one took."""

from __future__ import annotations

from datetime import timedelta

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.backups.catalog import Catalog


def expected_duration(catalog: Catalog, manifest: BackupManifest) -> timedelta | None:
    """From the first byte to the verdict, in proportion to the bytes; None where nothing was measured yet."""
    proofs = [entry.verification for entry in catalog.entries if entry.verified and entry.verification]
    measured = [proof for proof in proofs if proof.bytes_downloaded]
    if not measured:
        return None
    newest = max(measured, key=lambda proof: proof.finished)
    return timedelta(seconds=newest.recovery_seconds * manifest.stored_bytes / newest.bytes_downloaded)
