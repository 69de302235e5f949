"""load_archive: an archive out of the bucket into a database, by pg_restore, without ever lying on a disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from dbops.domain.archives.complaints import Complaint, is_hopeless, read_complaints
from dbops.domain.archives.load_passes import load_passes
from dbops.domain.archives.reach import reaches_outside, refusal_of_reach
from dbops.domain.archives.selection import Selection
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.words.progress import LoadProgress
from dbops.errors import ArchiveRefused, RestoreFailed
from dbops.gateways.archive.pipes import ArchivePipes
from dbops.gateways.archive.stored import Archive
from dbops.gateways.dump.spool import Spool
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.processes.guard import ERRORS_LINES
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.programs import Program
from dbops.gateways.server.sessions import reading
from dbops.gateways.store.bucket import Bucket

_TICK = 0.05
_PROGRESS_EVERY = 5.0
_COMPLAINTS_SHOWN = 5
_SIGNALLED = 128
_FAILED = 1
_FILES_OPEN = 2  # by each worker: a list of large objects, and one of them
_LARGE_OBJECTS = ("blob_", "blobs")
_ENDS = ("", ".zst")

_ANOTHER_SERVER = (
    "A materialized view reads from another server: let this one reach it and log in there, or drill on one that does "
    "(drill.connection)."
)
_OWN_SERVER = "That extension wants a server that is set up for it; for a drill, name one in drill.connection."

# For this session only; the server's durability is untouched. The manifest's verdict comes long after the last commit.
_SESSION = "-c maintenance_work_mem=256MB -c synchronous_commit=off -c statement_timeout=0 -c lock_timeout=0"
_LZ4 = "-c default_toast_compression=lz4"
_TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class Loaded:
    """What a load came to: bytes fetched, seconds, and what pg_restore had to say; all of that is harmless."""

    downloaded: int
    seconds: float
    complaints: tuple[Complaint, ...] = ()


def load_archive(
    bucket: Bucket,
    archive: Archive,
    pg_restore: Program,
    address: DatabaseAddress,
    *,
    jobs: int,
    parallelism: int,
    selection: Selection | None = None,
    clean_owners: bool = False,
    tablespaces: bool = True,
    lz4: bool = True,
    to_the_end: bool = False,
    directory: Path | None = None,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
) -> Loaded:
    """Load an archive, or the ``selection`` of it, into the database at ``address`` with ``jobs`` connections.

    ``clean_owners`` leaves owners and grants out, where the roles do not exist; without ``tablespaces`` all goes into
    the database's own. With ``lz4`` the server compresses large values so where it can, in half the time that its
    default takes. At its first complaint that is not harmless pg_restore is stopped, for the hours that it would go on;
    ``to_the_end`` lets it say all that it has to say. Memory is bounded by some ranges a job (FileDownload), disk by
    the table of contents, both whatever the size. One that would act outside of that database is refused before
    anything is loaded. Raises BackupUnusable where a file is not what was uploaded,
    BucketError, ArchiveRefused where what the archive holds cannot be loaded, and RestoreFailed where it may be for
    another reason; what the database then holds is worthless.
    """
    if reach := reaches_outside(archive.entries):
        raise RestoreFailed(
            refusal_of_reach(reach), "Nothing was loaded. Find out who can write to the bucket, and use another backup."
        )
    began = time.monotonic()
    chosen = selection.dump_ids if selection else None
    complaints: tuple[Complaint, ...] = ()
    environment = address.libpq_environment()
    settings = f"{_SESSION} {_LZ4}" if lz4 and _has_lz4(address) else _SESSION
    environment["PGOPTIONS"] = f"{environment.get('PGOPTIONS', '')} {settings}".strip()
    with Spool(directory, f"{archive.manifest.target}-restore") as spool:
        files, openers = _files(archive, selection), jobs * _FILES_OPEN
        with ArchivePipes(bucket, archive, spool.path, files, openers=openers, parallelism=parallelism) as pipes:
            for load_pass in load_passes(archive.entries, chosen, jobs=jobs):
                options = _options(spool.path, address, load_pass.jobs, clean_owners=clean_owners)
                options += [] if tablespaces else ["--no-tablespaces"]
                if load_pass.dump_ids is not None:
                    options.append(f"--use-list={_use_list(spool.path, archive, load_pass.dump_ids)}")
                command = [str(pg_restore.path), *options]
                with GuardedProcess(command, environment, lines=ERRORS_LINES, token=address.token) as process:
                    status, stderr = _watch(process, pipes, began, on_progress, to_the_end=to_the_end)
                    said = read_complaints(stderr)
                _require_success(status, said)
                complaints += said
        _require_all_read(pipes.unread, archive, pg_restore)
    return Loaded(pipes.loaded, time.monotonic() - began, complaints)


def _has_lz4(address: DatabaseAddress) -> bool:
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        return bool(session.execute(text(catalog_sql("has_lz4"))).scalar_one())


def _files(archive: Archive, selection: Selection | None) -> Collection[str]:
    names = [file.clear_name for file in archive.data_files]
    if selection is None:
        return names
    wanted = {f"{entry.file}{end}" for entry in archive.entries if entry.dump_id in selection.dump_ids and entry.file
              for end in _ENDS}  # fmt: skip
    large_objects = any(entry.kind == "BLOBS" and entry.dump_id in selection.dump_ids for entry in archive.entries)
    return [name for name in names if name in wanted or (large_objects and name.startswith(_LARGE_OBJECTS))]


def _options(folder: Path, address: DatabaseAddress, jobs: int, *, clean_owners: bool) -> list[str]:
    options = ["--format=directory", f"--jobs={jobs}", f"--dbname={address.program_database()}", "--no-password"]
    options.append(str(folder))
    return options + (["--no-owner", "--no-privileges"] if clean_owners else [])


def _use_list(folder: Path, archive: Archive, dump_ids: Collection[int]) -> Path:
    """The file that tells pg_restore what to restore; it goes by the order of its lines."""
    chosen = folder / "selection-list"  # as no file of a backup may be called
    wanted = [f"{entry.dump_id};\n" for entry in archive.entries if entry.dump_id in dump_ids]
    chosen.write_text("".join(wanted), encoding="ascii")
    return chosen


def _watch(
    process: GuardedProcess,
    pipes: ArchivePipes,
    began: float,
    on_progress: Callable[[LoadProgress], None],
    *,
    to_the_end: bool,
) -> tuple[int, str]:
    """Wait for the end, and give the status and what was said.

    At the first failure of a download pg_restore is stopped before it could take a torn file.
    """
    next_progress = began + _PROGRESS_EVERY
    while (status := process.status()) is None:
        stderr = process.stderr()
        if pipes.failure is not None:
            process.stop()
            raise pipes.failure
        if not to_the_end and is_hopeless(stderr):
            process.stop()  # what it says of that is no complaint about the archive
            return _FAILED, stderr
        if time.monotonic() >= next_progress:
            next_progress += _PROGRESS_EVERY
            on_progress(_progress(pipes, began))
        time.sleep(_TICK)
    process.wait()
    if pipes.failure is not None:
        raise pipes.failure
    return status, process.stderr()


def _progress(pipes: ArchivePipes, began: float) -> LoadProgress:
    elapsed = timedelta(seconds=time.monotonic() - began)
    return LoadProgress(pipes.files - len(pipes.unread), pipes.files, pipes.loaded, pipes.size, elapsed)


def _require_success(status: int, complaints: tuple[Complaint, ...]) -> None:
    serious = [complaint.text for complaint in complaints if not complaint.harmless]
    if serious or (status and not complaints):
        said = "; ".join(serious[:_COMPLAINTS_SHOWN]) or "it said nothing"
        more = f"; and {len(serious) - _COMPLAINTS_SHOWN} more" if len(serious) > _COMPLAINTS_SHOWN else ""
        how = f"was ended by signal {status - _SIGNALLED}" if status > _SIGNALLED else "could not load all of it"
        # One that speaks of the circumstances is enough: the others may be what came of it.
        refused = status <= _SIGNALLED and all(complaint.refused for complaint in complaints if not complaint.harmless)
        kind = ArchiveRefused if refused and serious else RestoreFailed
        raise kind(f"pg_restore {how}: {said}{more}.", _remedy(said))


def _require_all_read(unread: list[str], archive: Archive, pg_restore: Program) -> None:
    if not unread:
        return
    named = {f"{entry.file}{end}" for entry in archive.entries if entry.file for end in _ENDS}
    if skipped := [name for name in unread if name in named]:
        # We have read that table of contents too, and its bytes are those of the manifest.
        raise RestoreFailed(
            f"pg_restore ended well, and never asked for {_some(skipped)}, which its table of contents names.",
            f"The program is at fault, and not the backup: look at {pg_restore.path} and at the worker's other "
            "PostgreSQL programs, then try again.",
        )
    raise ArchiveRefused(
        f"pg_restore ended well, and never asked for {_some(unread)}.",
        "The archive's table of contents does not belong to its files; use another backup.",
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:_COMPLAINTS_SHOWN])


def _remedy(said: str) -> str:
    remedies = {
        "is not available": "Install that extension on the server, or restore onto one that has it.",
        "extension control file": "Install that extension on the server, or restore onto one that has it.",
        'could not connect to server "': _ANOTHER_SERVER,
        "could not establish connection": _ANOTHER_SERVER,
        "delegated credentials required": _ANOTHER_SERVER,
        "password is required": _ANOTHER_SERVER,
        "user mapping not found": _ANOTHER_SERVER,
        "has not been populated": _ANOTHER_SERVER,
        "can only create extension in database": _OWN_SERVER,
        "must be preloaded": _OWN_SERVER,
        "role ": "Create the role (globals.sql of the backup has it), or restore without owners.",
        "permission denied": "Restore with a role that may create everything the backup holds, as its owner may.",
        "decompress": "The file was damaged in the store or on its way. Restore again, and if it happens again, from "
        "another backup.",
        "No space left": "Free space on the database server, and restore again.",
        "server closed the connection": "Look into the server's log, and restore again when it is up.",
    }
    found = (remedy for words, remedy in remedies.items() if words in said)
    return next(found, "Nothing live was touched; the server's log says more.")
