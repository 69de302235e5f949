"""Which backups are not encrypted though one of the target's was before: whoever restores or proves one has to know."""

from __future__ import annotations

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog
from dbops.domain.options.encryption import Encryption


def unencrypted_warning(catalog: Catalog, backup_id: BackupId, encryption: Encryption) -> tuple[str, ...]:
    """A sentence where the target encrypts, and this backup is not encrypted though an older one is.

    Those from before the target did are as they should be. One that comes later need not be ours: who may write to the
    bucket can make one, and only that it cannot be encrypted for us would give it away.
    """
    if not encryption.recipients:
        return ()
    encrypted = {entry.backup_id: entry.manifest.is_encrypted for entry in catalog.entries}
    older = [one for one, is_encrypted in encrypted.items() if is_encrypted and one < backup_id]
    if encrypted.get(backup_id, True) or not older:
        return ()
    return (
        f"Backup {backup_id} is not encrypted, though {catalog.target} encrypts its backups, and {older[-1]} before it "
        "is encrypted: if nobody switched that off in the meantime, find out who made it.",
    )
