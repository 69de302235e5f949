"""load_and_verify: an archive into an empty database, analyzed, and compared with what the backup says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

from dbops.domain.archives.selection import Selection
from dbops.domain.backups.verification import Verification
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.words.progress import LoadProgress
from dbops.gateways.archive import Archive, load_archive
from dbops.gateways.processes.analyze import analyze
from dbops.gateways.processes.programs import RestorePrograms
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.backups.verify import Restored, verify


def load_and_verify(
    bucket: Bucket,
    archive: Archive,
    address: DatabaseAddress,
    programs: RestorePrograms,
    *,
    kind: Literal["drill", "restore"],
    run: str,
    clock: Callable[[], datetime],
    jobs: int,
    parallelism: int,
    selection: Selection | None = None,
    owners: bool = True,
    tablespaces: bool = True,
    directory: Path | None = None,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
) -> Verification:
    """Load the archive, or the ``selection`` of it, ANALYZE, and give the verdict, which nobody has stored yet.

    ``jobs`` are connections to the database, ``parallelism`` downloads at a time; without ``owners`` and
    ``tablespaces`` the server need not have them. Raises BackupUnusable and ArchiveRefused where the backup is at
    fault, and another DbopsError where nothing can be said of it; what the database then holds is worthless.
    """
    started = clock()
    loaded = load_archive(
        bucket,
        archive,
        programs.pg_restore,
        address,
        jobs=jobs,
        parallelism=parallelism,
        selection=selection,
        clean_owners=not owners,
        tablespaces=tablespaces,
        to_the_end=kind == "drill",  # all that is said decides whose fault it is
        directory=directory,
        on_progress=on_progress,
    )
    restored = Restored(
        archive=archive,
        address=address,
        loaded=loaded,
        analyze_seconds=analyze(programs.vacuumdb, address, jobs),
        started=started,
        selection=selection,
        owners=owners,
    )
    return verify(restored, programs.pg_dump, kind=kind, run=run, jobs=jobs, clock=clock)
