"""drill: restore a backup where nothing depends on it, and see whether it is what it says it is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

from dbops.domain.backup import BackupId
from dbops.domain.catalog import Catalog
from dbops.domain.connection import DatabaseAddress
from dbops.domain.drill_policy import DrillDue, drill_due, newest_to_drill
from dbops.domain.drill_report import DrillReport
from dbops.domain.progress import LoadProgress
from dbops.domain.quantities import format_bytes
from dbops.domain.schema_comparison import fingerprint
from dbops.domain.target import Target
from dbops.domain.verification import Finding, Verification
from dbops.errors import BackupUnusable, DbopsError, PreflightFailed, RestoreFailed
from dbops.gateways.analyze import analyze
from dbops.gateways.archive import Archive, open_archive, read_globals
from dbops.gateways.archive_load import load_archive
from dbops.gateways.bucket import Bucket
from dbops.gateways.catalogs import read_catalog
from dbops.gateways.programs import find_pg_restore, find_postgres, find_program
from dbops.gateways.scratch_database import ScratchDatabase
from dbops.gateways.throwaway_server import ThrowawayServer
from dbops.gateways.verifications import put_verification
from dbops.jobs.verify import Restored, verify

_ELSEWHERE = "Set drill.connection to a scratch server that can hold it."
_ROOM = 1.3  # a restored database is seldom larger than the source; its write-ahead log needs room as well


def drill(
    target: Target,
    bucket: Bucket,
    *,
    run: str,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    scratch: DatabaseAddress | None = None,
    force: bool = False,
    backup_id: BackupId | None = None,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
) -> DrillReport:
    """Drill the newest backup if a drill is due, or in any case with ``force`` or a ``backup_id``.

    It is restored into a throw-away server of this worker, or on the ``scratch`` server. The verdict, good or bad, is
    written to the bucket. Raises a DbopsError where nothing can be said about the backup.
    """
    started = clock()
    catalog = read_catalog(bucket, target)
    due = _due(target, catalog, bucket, started, force=force, backup_id=backup_id)
    if due.backup_id is None:
        return DrillReport(target=target.name, started=started, finished=clock(), reason=due.reason)
    drilling = _Drilling(target, bucket, run, clock, programs, started, on_progress)
    try:
        archive = open_archive(bucket, target, due.backup_id)
        verification = drilling.on_scratch(archive, scratch) if scratch else drilling.on_throwaway(archive)
    except (BackupUnusable, RestoreFailed) as error:
        if all(entry.backup_id != due.backup_id for entry in catalog.entries):
            raise  # there is no such backup to give a verdict on
        verification = drilling.failed(due.backup_id, error)
    put_verification(bucket, target, verification)
    return DrillReport(
        target=target.name, started=started, finished=clock(), reason=due.reason, verification=verification
    )


def _due(
    target: Target, catalog: Catalog, bucket: Bucket, now: datetime, *, force: bool, backup_id: BackupId | None
) -> DrillDue:
    if backup_id is not None:
        return DrillDue(backup_id, "it was asked for")
    if force and catalog.entries:
        return DrillDue(catalog.entries[-1].backup_id, "it was asked for")
    newest = newest_to_drill(catalog)
    try:
        current = fingerprint(open_archive(bucket, target, newest.backup_id).entries) if newest else None
    except BackupUnusable:
        current = None  # the drill will say what is wrong with it
    return drill_due(catalog, target.drill, now, schema_fingerprint=current)


class _Drilling:
    def __init__(  # noqa: PLR0917 - what every step of one drill shares
        self,
        target: Target,
        bucket: Bucket,
        run: str,
        clock: Callable[[], datetime],
        programs: Path | None,
        started: datetime,
        on_progress: Callable[[LoadProgress], None],
    ) -> None:
        self._target, self._bucket, self._run, self._clock = target, bucket, run, clock
        self._programs, self._started, self._on_progress = programs, started, on_progress

    def on_throwaway(self, archive: Archive) -> Verification:
        """On a server that the worker starts for this drill."""
        manifest = archive.manifest
        major = int(manifest.pg_dump_version.partition(".")[0])
        postgres = find_postgres(self._programs, at_least=major, why=f"pg_dump {major} made the backup")
        directory = Path(self._target.drill.directory) if self._target.drill.directory else None
        with ThrowawayServer(postgres, directory, self._target.name) as server:
            _require_room(manifest.database_bytes, server.free_bytes)
            _require_extensions(archive, server.available_extensions())
            _require_collations(archive, has_icu=server.has_icu())
            roles = read_globals(self._bucket, archive)
            if roles is not None:
                server.run_script(roles)
            odd = server.create_database("drill", archive.entries)
            return self._restore(archive, server.address("drill"), directory, owners=roles is not None, odd=odd)

    def on_scratch(self, archive: Archive, scratch: DatabaseAddress) -> Verification:
        """In a new database of the scratch server, without owners and grants: the roles are not there."""
        place = ScratchDatabase(scratch, self._target.name, archive.entries, self._clock())
        needed = int(archive.manifest.server_version.partition(".")[0])
        if place.server_major() < needed:
            raise PreflightFailed(
                f"The scratch server is PostgreSQL {place.server_major()}, older than the backup's {needed}.",
                "Let drill.connection name a server that is as new.",
            )
        _require_extensions(archive, place.available_extensions())
        with place as address:
            return self._restore(archive, address, None, owners=False, odd=None)

    def _restore(
        self, archive: Archive, address: DatabaseAddress, directory: Path | None, *, owners: bool, odd: str | None
    ) -> Verification:
        pg_restore = find_pg_restore(self._programs, archive.manifest.pg_dump_version)
        jobs = self._target.drill.jobs
        loaded = load_archive(
            self._bucket,
            archive,
            pg_restore,
            address,
            jobs=jobs,
            parallelism=self._target.storage.parallelism,
            clean_owners=not owners,
            directory=directory,
            on_progress=self._on_progress,
        )
        why = "the schema is compared by it"
        vacuumdb = find_program("vacuumdb", pg_restore.path.parent, at_least=pg_restore.major, why=why)
        pg_dump = find_program("pg_dump", pg_restore.path.parent, at_least=pg_restore.major, why=why)
        restored = Restored(
            archive=archive,
            address=address,
            loaded=loaded,
            analyze_seconds=analyze(vacuumdb, address, jobs),
            started=self._started,
            owners=owners,
        )
        proof = verify(restored, pg_dump, kind="drill", run=self._run, jobs=jobs, clock=self._clock)
        return proof if odd is None else proof.with_warning(f"In the drill {odd}.")

    def failed(self, backup_id: BackupId, error: DbopsError) -> Verification:
        """The verdict where the backup could not even be loaded."""
        return Verification(
            target=self._target.name,
            backup_id=backup_id,
            ok=False,
            kind="drill",
            run=self._run,
            started=self._started,
            finished=self._clock(),
            server_version="",
            findings=(Finding("error", str(error)),),
            tables=0,
            rows=0,
            bytes_downloaded=0,
            load_seconds=0.0,
            analyze_seconds=0.0,
            verify_seconds=0.0,
            schema_fingerprint="",
        )


def _require_room(database_bytes: int, free_bytes: int) -> None:
    needed = int(database_bytes * _ROOM)
    if free_bytes < needed:
        raise PreflightFailed(
            f"A drill needs about {format_bytes(needed)} of disk, and the worker has {format_bytes(free_bytes)} free.",
            f"Set drill.directory to a larger disk. {_ELSEWHERE}",
        )


def _require_extensions(archive: Archive, available: Collection[str]) -> None:
    needed = [entry.name for entry in archive.entries if entry.kind == "EXTENSION"]
    missing = sorted(set(needed) - set(available))
    if missing:
        raise PreflightFailed(
            f"The backup needs extensions that the drill's server lacks: {', '.join(missing)}.", _ELSEWHERE
        )


def _require_collations(archive: Archive, *, has_icu: bool) -> None:
    needs = any("provider = icu" in entry.definition.lower() or "locale_provider = icu" in entry.definition.lower()
                for entry in archive.entries if entry.kind in {"COLLATION", "DATABASE"})  # fmt: skip
    if needs and not has_icu:
        raise PreflightFailed(
            "The backup uses ICU collations, and the PostgreSQL programs of this worker were built without ICU.",
            _ELSEWHERE,
        )
