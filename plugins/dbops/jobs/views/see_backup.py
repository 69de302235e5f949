"""see_backup: one backup with its tables, its files and the verdict on it, by what lies in the bucket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any, Protocol, Self, TypeVar

from dbops.domain.backups.backup import BackupId, BackupManifest
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.verification import Verification
from dbops.domain.target import Target
from dbops.domain.views.target_view import BackupView
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.views.unseen import seen_or_why, why_unseen


class _OfABackup(Protocol):
    @property
    def backup_id(self) -> BackupId: ...

    @classmethod
    def from_json(cls, body: bytes) -> Self: ...


_R = TypeVar("_R", bound=_OfABackup)
_THREADS = 4  # the opening of the bucket, and each of the three objects


def see_backup(
    target: Target,
    open_bucket: Callable[[Target], Bucket],
    backup_id: BackupId,
    *,
    clock: Callable[[], datetime],
    within: timedelta,
) -> BackupView | None:
    """That backup, with three small reads at once; None where there is none of that id.

    What cannot be read, or not ``within`` that time, is a sentence in its place; nothing is raised.
    """
    layout = Layout(target.root)
    pool = ThreadPoolExecutor(_THREADS, "see-backup")
    opening = pool.submit(open_bucket, target)

    def begin(key: str, kind: type[_R], what: str) -> Future[_R | str | None]:
        return pool.submit(lambda: _read(opening.result(), key, kind, backup_id, what))

    looks: dict[str, Future[Any]] = {
        "The manifest": begin(layout.manifest(backup_id), BackupManifest, "The manifest"),
        "The verdict": begin(layout.verification(backup_id), Verification, "The verdict"),
        "The hold": begin(layout.hold(backup_id), Hold, "The hold"),
    }
    answered, _ = wait(looks.values(), timeout=within.total_seconds())
    pool.shutdown(wait=False, cancel_futures=True)
    if opening.done() and (error := opening.exception()) is not None:
        said = why_unseen(f"The backup {backup_id} of {target.name}", error)
        return BackupView(target=target, backup_id=backup_id, seen=clock(), manifest=said)

    def found(what: str) -> Any:
        return looks[what].result() if looks[what] in answered else _too_slow(what, backup_id)

    manifest = found("The manifest")
    if manifest is None:
        return None
    if isinstance(manifest, BackupManifest) and manifest.target != target.name:
        manifest = f"The manifest of {backup_id} cannot be shown: it is of {manifest.target}, another target."
    return BackupView(
        target=target,
        backup_id=backup_id,
        seen=clock(),
        manifest=manifest,
        verification=found("The verdict"),
        hold=found("The hold"),
    )


def _too_slow(what: str, backup_id: BackupId) -> str:
    return f"{what} of {backup_id} did not answer in time. Check whether the store is slow, and reload."


def _read(bucket: Bucket, key: str, kind: type[_R], backup_id: BackupId, what: str) -> _R | str | None:
    """The record; None where there is none, a sentence where it cannot be read or is of another backup."""

    def read() -> _R:
        record = kind.from_json(bucket.get(key))
        if record.backup_id != backup_id:
            raise ValueError(key)
        return record

    return seen_or_why(read, f"{what} of {backup_id}", f"s3://{bucket.name}/{key}")
