"""load_and_verify: a drill's archive into its empty database, analyzed, and compared with what the backup says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.backups.verification import Verification
from dbops.domain.target import Target
from dbops.domain.words.progress import LoadProgress
from dbops.gateways.archive import Archive, load_archive
from dbops.gateways.processes.analyze import analyze
from dbops.gateways.processes.programs import RestorePrograms
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.backups.drill_place import DrillPlace
from dbops.jobs.backups.verify import Restored, verify


def load_and_verify(
    target: Target,
    bucket: Bucket,
    archive: Archive,
    place: DrillPlace,
    programs: RestorePrograms,
    *,
    run: str,
    clock: Callable[[], datetime],
    on_progress: Callable[[LoadProgress], None],
) -> Verification:
    """Load the whole archive, ANALYZE, and give the verdict, which nobody has stored yet.

    Raises BackupUnusable and ArchiveRefused where the backup is at fault, and another DbopsError where nothing can be
    said of it; what the database then holds is worthless.
    """
    started, jobs = clock(), target.drill.jobs
    loaded = load_archive(
        bucket,
        archive,
        programs.pg_restore,
        place.address,
        jobs=jobs,
        parallelism=target.storage.parallelism,
        clean_owners=not place.owners,
        tablespaces=False,  # the server need not have them
        to_the_end=True,  # all that is said decides whose fault it is
        on_progress=on_progress,
    )
    restored = Restored(
        archive=archive,
        address=place.address,
        loaded=loaded,
        analyze_seconds=analyze(programs.vacuumdb, place.address, jobs),
        started=started,
        owners=place.owners,
    )
    return verify(restored, programs.pg_dump, kind="drill", run=run, jobs=jobs, clock=clock)
