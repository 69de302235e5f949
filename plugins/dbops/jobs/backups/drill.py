"""drill: restore a backup where nothing depends on it, and see whether it is what it says it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dbops.domain.archives.schema_comparison import fingerprint
from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog
from dbops.domain.backups.drill_policy import DrillDue, drill_due
from dbops.domain.backups.drill_report import DrillReport
from dbops.domain.backups.unencrypted import unencrypted_warning
from dbops.domain.backups.verification import Verification, condemned
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.progress import LoadProgress
from dbops.errors import ArchiveRefused, BackupUnusable, IdentityMissing, RestoreFailed
from dbops.gateways.age import IdentitySource, no_identities
from dbops.gateways.archive import Archive, open_archive, read_globals
from dbops.gateways.processes.programs import RestorePrograms, find_restore_programs
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.verifications import put_verification
from dbops.gateways.store.working_holds import held_by_drill
from dbops.jobs.backups.check_restored import check_restored
from dbops.jobs.backups.drill_place import DrillPlace, scratch_place, throwaway_place
from dbops.jobs.backups.load_and_verify import load_and_verify
from dbops.jobs.target_index.refresh_index import refresh_index


def drill(
    target: Target,
    bucket: Bucket,
    *,
    run: str,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    scratch: DatabaseAddress | None = None,
    identities: IdentitySource = no_identities,
    force: bool = False,
    backup_id: BackupId | None = None,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
) -> DrillReport:
    """Drill the newest backup if a drill is due, or in any case with ``force`` or a ``backup_id``.

    It is restored into a throw-away server of this worker, or on the ``scratch`` server; where it is encrypted, by the
    keys that ``identities`` looks up. The verdict, good or bad, is written to the bucket. Raises a DbopsError where
    nothing can be said about the backup; then no verdict is written.
    """
    started = clock()
    catalog = read_catalog(bucket, target)
    due = _due(target, catalog, bucket, started, identities, force=force, backup_id=backup_id)
    verification = None
    if due.backup_id is None:
        if (earlier := _bad_verdict_of(run, catalog)) is not None:  # its task was killed before it could say so
            due, verification = DrillDue(None, "this run has drilled it already"), earlier
    else:
        drilling = _Drilling(target, bucket, identities, run, clock, on_progress)
        try:
            with held_by_drill(bucket, target, due.backup_id, run=run, clock=clock):
                verification = drilling.prove(due.backup_id, programs, scratch)
            for sentence in unencrypted_warning(catalog, due.backup_id, target.encryption):
                verification = verification.with_warning(sentence)
        except (BackupUnusable, ArchiveRefused) as error:
            if all(entry.backup_id != due.backup_id for entry in read_catalog(bucket, target).entries):
                raise  # there is no such backup to give a verdict on, or it has expired meanwhile
            verification = condemned(target.name, due.backup_id, str(error), run=run, started=started, finished=clock())
        put_verification(bucket, target, verification)
        refresh_index(target, bucket, clock)
    return DrillReport(
        target=target.name, started=started, finished=clock(), reason=due.reason, verification=verification
    )


def _due(
    target: Target,
    catalog: Catalog,
    bucket: Bucket,
    now: datetime,
    identities: IdentitySource,
    *,
    force: bool,
    backup_id: BackupId | None,
) -> DrillDue:
    if backup_id is not None:
        return DrillDue(backup_id, "it was asked for")
    if force and catalog.entries:
        return DrillDue(catalog.entries[-1].backup_id, "it was asked for")

    def schema_fingerprint(newest: BackupId) -> str | None:
        try:
            return fingerprint(open_archive(bucket, target, newest, identities).entries)
        except (BackupUnusable, IdentityMissing):
            return None  # the drill will say what is wrong with it, or with the keys

    return drill_due(catalog, target.drill, now, schema_fingerprint=schema_fingerprint)


def _bad_verdict_of(run: str, catalog: Catalog) -> Verification | None:
    newest = catalog.entries[-1].verification if catalog.entries else None
    return newest if newest is not None and newest.run == run and not newest.ok else None


@dataclass(frozen=True)
class _Drilling:
    target: Target
    bucket: Bucket
    identities: IdentitySource
    run: str
    clock: Callable[[], datetime]
    on_progress: Callable[[LoadProgress], None]

    def prove(self, backup_id: BackupId, programs: Path | None, scratch: DatabaseAddress | None) -> Verification:
        """Restore it and compare; raises BackupUnusable and ArchiveRefused where the backup is at fault."""
        archive = open_archive(self.bucket, self.target, backup_id, self.identities)
        roles = read_globals(self.bucket, archive)
        ready = find_restore_programs(programs, archive.manifest.pg_dump_version)
        where = (
            throwaway_place(self.target, archive, roles, programs)
            if scratch is None
            else scratch_place(self.target, archive, scratch, self.clock())
        )
        with where as place:
            return self._restore(archive, place, ready)

    def _restore(self, archive: Archive, place: DrillPlace, programs: RestorePrograms) -> Verification:
        try:
            proof = load_and_verify(
                self.target,
                self.bucket,
                archive,
                place,
                programs,
                run=self.run,
                clock=self.clock,
                on_progress=self.on_progress,
            )
        except ArchiveRefused as error:
            if not place.is_unlike:
                raise
            raise RestoreFailed(
                f"{error.what} A possible reason: {' '.join(place.notes)}",
                "Install on the worker what it lacks, or set drill.connection to a scratch server that has it.",
            ) from None
        for note in place.notes:
            proof = proof.with_warning(note)
        return check_restored(self.target, place.address, proof)
