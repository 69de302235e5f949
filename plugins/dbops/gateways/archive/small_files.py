"""The small files of an archive, in memory as a whole: written beside its data files, and read before them."""

from __future__ import annotations

import hashlib

from dbops.domain.backups.backup import FileEntry, encrypted_name
from dbops.gateways.age import Recipients
from dbops.gateways.store.bucket import Bucket


def put_file(bucket: Bucket, folder: str, clear_name: str, body: bytes, recipients: Recipients | None) -> FileEntry:
    """Store a file, encrypted where there are ``recipients``; gives what the bucket then holds."""
    name = clear_name
    if recipients is not None:
        name, body = encrypted_name(clear_name), recipients.encrypt_bytes(body)
    bucket.put(folder + name, body)
    return FileEntry(name, len(body), hashlib.sha256(body).hexdigest())
