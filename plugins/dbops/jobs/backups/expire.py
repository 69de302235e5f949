"""expire: delete the backups that the retention policy no longer keeps, and what unfinished ones left behind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from dbops.domain.backups.backup import BackupId, Claim
from dbops.domain.backups.catalog import Catalog
from dbops.domain.backups.expire_report import ExpireReport
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_duration, listed
from dbops.domain.words.readable import readable
from dbops.errors import BucketError, ExpireFailed
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.bucket import Bucket, StoredObject, UnfinishedUpload, find_listed
from dbops.gateways.store.catalogs import read_catalog, read_claim
from dbops.gateways.store.working_holds import working_holds
from dbops.jobs.backups.deletion import Deletion
from dbops.jobs.backups.holds import why_held
from dbops.jobs.target_index.refresh_index import refresh_index

_ABANDONED_AFTER = timedelta(hours=24)
_KEYS_NAMED = 3
_log = logging.getLogger(__name__)


def expire(
    target: Target, bucket: Bucket, *, clock: Callable[[], datetime], dry_run: bool = False, run: str = ""
) -> ExpireReport:
    """Apply the target's retention policy and sweep leftovers older than a day; ``run`` names who asked, for the audit.

    Raises BucketError where the catalog cannot be read: then nothing was deleted. Raises ExpireFailed at the end where
    some objects could not be deleted; every other one was.
    """
    started = clock()
    catalog = read_catalog(bucket, target)
    holds = working_holds(bucket, target, started)
    plan = catalog.plan_retention(target.retention, started, target.zone, holds)
    _log.info("%s", readable(plan.markdown()))
    expiry = _Expiry(target, bucket, clock, dry_run=dry_run)
    kept = plan.keep | expiry.expire(plan.expire, {entry.backup_id: entry.judged_at for entry in catalog.entries})
    expiry.sweep(catalog)
    expiry.abort_uploads()
    report = ExpireReport(
        target=target.name,
        started=started,
        finished=clock(),
        kept=dict(sorted(kept.items(), reverse=True)),
        expired=expiry.expired,
        swept=expiry.swept,
        aborted_uploads=tuple(expiry.aborted),
        objects=expiry.deletion.objects,
        freed_bytes=expiry.deletion.freed_bytes,
        dry_run=dry_run,
        warnings=catalog.unreadable,
    )
    failures = expiry.deletion.failures
    if not dry_run:
        _write_audit(bucket, target, report, run, failures)
        refresh_index(target, bucket, clock)
    if failures:
        raise _failure(target, failures)
    return report


class _Expiry:
    """One run over one target: what it has done so far."""

    def __init__(self, target: Target, bucket: Bucket, clock: Callable[[], datetime], *, dry_run: bool) -> None:
        self._target, self._bucket, self._clock = target, bucket, clock
        self._layout = Layout(target.root)
        self.deletion = Deletion(bucket, threads=target.storage.parallelism, dry_run=dry_run)
        self.expired: dict[BackupId, tuple[str, ...]] = {}
        self.swept: dict[BackupId, tuple[str, ...]] = {}
        self.aborted: list[str] = []

    def expire(
        self, planned: dict[BackupId, tuple[str, ...]], judged: Mapping[BackupId, datetime | None]
    ) -> dict[BackupId, tuple[str, ...]]:
        """Delete the planned backups; the answer is those that something keeps by now, and what does.

        ``judged`` is when the verdict on each was written, as it was known when that was planned.
        """
        kept: dict[BackupId, tuple[str, ...]] = {}
        for backup_id, reasons in planned.items():
            is_held = partial(self._is_held, backup_id, kept)
            with self.deletion.collecting(self._layout.folder(backup_id)):
                objects = self._objects(backup_id)
                if is_held():
                    continue
                if (why := self._why_judged_anew(backup_id, judged[backup_id])) is not None:
                    kept[backup_id] = (why,)
                # Whoever holds it puts the hold first and then looks for the manifest. One that came behind our look
                # at the holds and before the deletion is told that it holds: so the holds are looked at once more.
                elif self.deletion.remove(objects, self._layout, backup_id, is_held=is_held):
                    self.expired[backup_id] = reasons
        return kept

    def sweep(self, catalog: Catalog) -> None:
        """Delete what backups that never finished have left, a day after the last sign of life."""
        for leftover in catalog.leftovers:
            if self._is_alive(leftover.last_written, leftover.claim):
                continue
            backup_id = leftover.backup_id
            with self.deletion.collecting(self._layout.folder(backup_id)):
                objects = self._objects(backup_id)
                if self._may_sweep(backup_id, objects) and self.deletion.remove(objects, self._layout, backup_id):
                    silent = format_duration(self._clock() - leftover.last_written)
                    self.swept[backup_id] = (f"never finished, and silent for {silent}",)

    def abort_uploads(self) -> None:
        """Abort multipart uploads that nobody will complete: they cost money and no listing shows them."""
        with self.deletion.collecting(self._layout.backups):
            for upload in list(self._bucket.unfinished_uploads(self._layout.backups)):
                with self.deletion.collecting(upload.key):
                    if self._is_abandoned(upload):
                        self.deletion.abort(upload)
                        self.aborted.append(upload.key)

    def _objects(self, backup_id: BackupId) -> list[StoredObject]:
        return list(self._bucket.list(self._layout.folder(backup_id)))

    def _may_sweep(self, backup_id: BackupId, objects: list[StoredObject]) -> bool:
        # The catalog is minutes old by now: the backup may have gone on, or even have been finished.
        if not objects or self._layout.manifest(backup_id) in {stored.key for stored in objects}:
            return False
        if self._is_alive(
            max(stored.modified for stored in objects), read_claim(self._bucket, self._target, backup_id)
        ):
            return False
        return self._why_held(backup_id) is None

    def _is_held(self, backup_id: BackupId, kept: dict[BackupId, tuple[str, ...]]) -> bool:
        """Whether anything holds it right now, which is then noted in ``kept``."""
        if (why := self._why_held(backup_id)) is not None:
            kept[backup_id] = (why,)
        return why is not None

    def _why_held(self, backup_id: BackupId) -> str | None:
        now = self._clock()
        holds = working_holds(self._bucket, self._target, now)
        restored = (hold.sentence() for hold in holds if hold.backup_id == backup_id)
        return why_held(self._bucket, self._layout, backup_id, now) or next(restored, None)

    def _why_judged_anew(self, backup_id: BackupId, judged_at: datetime | None) -> str | None:
        # The catalog knows a verdict's time before it reads the verdict: one that is written between would seem as old
        # as the one that it replaces.
        verdict = find_listed(self._bucket, self._layout.verification(backup_id))
        if (verdict.modified if verdict is not None else None) == judged_at:
            return None
        return "its verdict has changed since this was planned; the next expire will decide"

    def _is_abandoned(self, upload: UnfinishedUpload) -> bool:
        folder = upload.key.removeprefix(self._layout.backups).partition("/")[0]
        try:
            backup_id = BackupId(folder)
        except ValueError:
            return False
        return not self._is_alive(upload.begun, read_claim(self._bucket, self._target, backup_id))

    def _is_alive(self, last_sign: datetime, claim: Claim | None) -> bool:
        now = self._clock()
        return now - last_sign < _ABANDONED_AFTER or (claim is not None and claim.is_live(now, within=_ABANDONED_AFTER))


def _write_audit(
    bucket: Bucket, target: Target, report: ExpireReport, run: str, failures: dict[str, BucketError]
) -> None:
    if not (report.objects or report.aborted_uploads):
        return
    facts = {
        "requested_by": run,
        "started": report.started.isoformat(),
        "finished": report.finished.isoformat(),
        "expired": report.expired,
        "swept": report.swept,
        "aborted_uploads": report.aborted_uploads,
        "objects": report.objects,
        "freed_bytes": report.freed_bytes,
        "not_deleted": list(failures),
    }
    try:
        write_audit(bucket, target, report.finished, "expire", facts)
    except BucketError as error:
        failures[Layout(target.root).audit(report.finished, "expire")] = error


def _failure(target: Target, failures: dict[str, BucketError]) -> ExpireFailed:
    keys = list(failures)
    named = listed(keys, named=_KEYS_NAMED)
    first = failures[keys[0]]
    objects = "1 object" if len(keys) == 1 else f"{len(keys)} objects"
    return ExpireFailed(
        f"The store refused {objects} while backups of {target.name} were expired: {named}. It said: {first.what}",
        "Everything else was done. Look at the credentials' permissions and at locks on these objects; "
        "the next expire tries again.",
    )
