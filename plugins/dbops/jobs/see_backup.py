"""see_backup: one backup with its tables, its files and the verdict on it, by what lies in the bucket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, Self, TypeVar

from dbops.domain.backup import BackupId, BackupManifest
from dbops.domain.layout import Layout
from dbops.domain.retention import Hold
from dbops.domain.target import Target
from dbops.domain.target_view import BackupView
from dbops.domain.verification import Verification
from dbops.errors import ObjectMissing
from dbops.gateways.bucket import Bucket
from dbops.jobs.unseen import why_unseen


class _OfABackup(Protocol):
    @property
    def backup_id(self) -> BackupId: ...

    @classmethod
    def from_json(cls, body: bytes) -> Self: ...


_R = TypeVar("_R", bound=_OfABackup)


def see_backup(
    target: Target,
    open_bucket: Callable[[Target], Bucket],
    backup_id: BackupId,
    *,
    clock: Callable[[], datetime],
) -> BackupView | None:
    """That backup, with three small reads; None where there is none of that id.

    What cannot be read is a sentence in its place; nothing is raised.
    """
    layout = Layout(target.root)
    try:
        bucket = open_bucket(target)
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs on the page in words
        said = why_unseen(f"The backup {backup_id} of {target.name}", error)
        return BackupView(target=target, backup_id=backup_id, seen=clock(), manifest=said)
    manifest = _read(bucket, layout.manifest(backup_id), BackupManifest, backup_id, "The manifest")
    if manifest is None:
        return None
    if isinstance(manifest, BackupManifest) and manifest.target != target.name:
        manifest = f"The manifest of {backup_id} cannot be shown: it is of {manifest.target}, another target."
    return BackupView(
        target=target,
        backup_id=backup_id,
        seen=clock(),
        manifest=manifest,
        verification=_read(bucket, layout.verification(backup_id), Verification, backup_id, "The verdict"),
        hold=_read(bucket, layout.hold(backup_id), Hold, backup_id, "The hold"),
    )


def _read(bucket: Bucket, key: str, kind: type[_R], backup_id: BackupId, what: str) -> _R | str | None:
    """The record; None where there is none, a sentence where it cannot be read or is of another backup."""
    try:
        record = kind.from_json(bucket.get(key))
    except ObjectMissing:
        return None
    except ValueError:
        record = None
    except Exception as error:  # noqa: BLE001 - as above
        return why_unseen(f"{what} of {backup_id}", error)
    if record is None or record.backup_id != backup_id:
        return f"{what} of {backup_id} cannot be shown: s3://{bucket.name}/{key} is none that this version can read."
    return record
