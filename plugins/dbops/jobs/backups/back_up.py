"""back_up: one database into the bucket, whole, or nothing at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import dbops
from dbops.domain.backups.backup import BackupId, BackupManifest
from dbops.domain.backups.catalog import Catalog
from dbops.domain.backups.dump_warnings import dump_warnings, read_dump_warnings
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.lost_rows import lost_rows_warnings
from dbops.domain.backups.origin import origin_warnings
from dbops.domain.backups.report import BackupReport
from dbops.domain.backups.size import size_warnings
from dbops.domain.options.backup import BackupOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.progress import Progress
from dbops.domain.words.quantities import format_bytes
from dbops.errors import BucketError, PreflightFailed, SpoolError
from dbops.gateways.age import Recipients
from dbops.gateways.allocator import share_one_heap
from dbops.gateways.archive import (
    CLEAR_SUMS,
    ArchiveEncryption,
    ArchiveUpload,
    UploadedArchive,
    put_file,
    write_sums,
)
from dbops.gateways.dump.dump import Dump, PlainDump
from dbops.gateways.dump.pg_dump import GlobalsDump, globals_dump, pg_dump_options, start_pg_dump
from dbops.gateways.dump.spool import Spool
from dbops.gateways.server.database import Database
from dbops.gateways.split_dump.shared_snapshot import SharedSnapshot
from dbops.gateways.split_dump.split_dump import SplitDump
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.claims import HeldClaim, claim, other_live_claims
from dbops.jobs.backups.preflight import Readiness, preflight
from dbops.jobs.backups.replica import naming_conflicts
from dbops.jobs.target_index.refresh_index import refresh_index

_GLOBALS = "globals.sql"


def back_up(
    target: Target,
    address: DatabaseAddress,
    bucket: Bucket,
    *,
    run: str,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> BackupReport:
    """Back the target's database up and return when its manifest is written.

    ``run`` names who asked, for the claim; ``programs`` is a folder with PostgreSQL's programs. Raises a DbopsError;
    then no manifest exists, no process is left, and what was uploaded is deleted where the store still answers.
    """
    share_one_heap()
    recipients = Recipients(target.encryption.recipients) if target.encryption.recipients else None
    readiness = preflight(target, address, programs)
    layout = Layout(target.root)
    with _roomy_spool(target) as spool:
        catalog = read_catalog(bucket, target)
        _require_alone(bucket, target, catalog, clock(), mine=None)
        with claim(bucket, layout, target.name, run=run, clock=clock) as held:
            try:
                beside = read_catalog(bucket, target)
                running = _require_alone(bucket, target, beside, clock(), mine=held.backup_id)
                _abort_uploads_of_the_dead(bucket, beside, layout, {held.backup_id, *running})
                with naming_conflicts(Database(address), readiness.replica):
                    archive, said = _send_archive(
                        target, address, bucket, held=held, readiness=readiness, spool=spool, recipients=recipients,
                        on_progress=on_progress,
                    )  # fmt: skip
                with suppress(BucketError):  # one that began twice, its first answer lost; else `expire` finds it
                    _abort_uploads(bucket, layout.folder(held.backup_id))
                manifest = _manifest(target, held, readiness, archive, said=said, finished=clock())
                bucket.create(layout.manifest(held.backup_id), manifest.to_json())
            except BaseException:
                _discard(bucket, layout, held)
                raise
    refresh_index(target, bucket, clock)  # its failure is no oddity of the backup, to be told by mail: it is logged
    return _report(target, bucket, manifest, catalog, readiness)


def _roomy_spool(target: Target) -> Spool:
    options = target.backup
    spool = Spool(Path(options.spool) if options.spool else None, target.name)
    free = spool.free_bytes()
    if free >= options.spool_cap:
        return spool
    with spool:
        raise SpoolError(
            f"The disk below the spool directory {spool.path.parent} has {format_bytes(free)} free, less than "
            f"backup.spool_cap, {format_bytes(options.spool_cap)}.",
            "Free space there, set backup.spool to another directory, or lower backup.spool_cap.",
        )


def _require_alone(
    bucket: Bucket, target: Target, catalog: Catalog, now: datetime, *, mine: BackupId | None
) -> set[BackupId]:
    """Of two backups that start at once the one with the earlier id goes on; gives the others: they are to give way."""
    others = other_live_claims(bucket, target, catalog, now=now, mine=mine)
    earlier = [other for other in others if mine is None or other.backup_id < mine]
    if earlier:
        other = earlier[0]
        raise PreflightFailed(
            f"Another backup of {target.name} is running: {other.backup_id}, by {other.run} on {other.host}.",
            "Wait for it to end; one whose worker died no longer counts two minutes after its last sign of life.",
        )
    return {other.backup_id for other in others}


def _abort_uploads_of_the_dead(bucket: Bucket, catalog: Catalog, layout: Layout, alive: Collection[BackupId]) -> None:
    """A backup that was killed could not abort its multipart uploads; they would be paid for and never be listed."""
    for leftover in catalog.leftovers:
        if leftover.backup_id not in alive:
            _abort_uploads(bucket, layout.folder(leftover.backup_id))


def _abort_uploads(bucket: Bucket, folder: str) -> None:
    for upload in bucket.unfinished_uploads(folder):
        bucket.abort_upload(upload)


def _send_archive(
    target: Target,
    address: DatabaseAddress,
    bucket: Bucket,
    *,
    held: HeldClaim,
    readiness: Readiness,
    spool: Spool,
    recipients: Recipients | None,
    on_progress: Callable[[Progress], None],
) -> tuple[UploadedArchive, tuple[str, ...]]:
    """What is in the bucket now, and what the programs warned of."""
    folder = Layout(target.root).folder(held.backup_id)
    with ExitStack() as stack:
        encryption = None
        if recipients is not None:
            encryption = ArchiveEncryption(recipients, stack.enter_context(Spool(spool.path.parent, target.name)))
        roles = stack.enter_context(_globals(target, address, readiness))
        dump = _start_dump(stack, readiness, address, spool, target.backup)
        archive = ArchiveUpload(
            dump,
            spool,
            bucket,
            folder,
            storage=target.storage,
            options=target.backup,
            sizes=readiness.sizes,
            on_progress=on_progress,
            encryption=encryption,
        ).run()
        dumped = roles()
        said = read_dump_warnings(dump.said(), dumped.said if dumped else "")
    beside_it = {} if dumped is None else {_GLOBALS: dumped.sql}
    if recipients is not None:
        sums = archive.clear | {name: hashlib.sha256(body).hexdigest() for name, body in beside_it.items()}
        beside_it[CLEAR_SUMS] = write_sums(sums)
    stored = [put_file(bucket, folder, name, body, recipients) for name, body in beside_it.items()]
    return replace(archive, files=(*archive.files, *stored)), said


def _globals(
    target: Target, address: DatabaseAddress, readiness: Readiness
) -> AbstractContextManager[Callable[[], GlobalsDump | None]]:
    if not target.backup.globals:
        return nullcontext(lambda: None)
    return globals_dump(readiness.program, address, passwords=readiness.facts.reads_role_passwords)


def _start_dump(
    stack: ExitStack, readiness: Readiness, address: DatabaseAddress, spool: Spool, options: BackupOptions
) -> Dump:
    """Start pg_dump, with sessions beside it for tables that dominate; leaving ``stack`` ends it."""
    dump: Dump
    replica = readiness.facts.is_replica
    if readiness.split is None:
        dump = PlainDump(start_pg_dump(readiness.program, address, spool.path, options, replica=replica), spool.path)
    else:
        snapshot = stack.enter_context(SharedSnapshot(address, readiness.split.tables, options))
        dump = SplitDump(
            readiness.program, address, spool.path, options, plan=readiness.split, snapshot=snapshot, replica=replica
        )
    stack.callback(dump.stop)
    return dump


def _manifest(
    target: Target,
    held: HeldClaim,
    readiness: Readiness,
    archive: UploadedArchive,
    *,
    said: tuple[str, ...],
    finished: datetime,
) -> BackupManifest:
    replica = readiness.replica
    return BackupManifest(
        target=target.name,
        backup_id=held.backup_id,
        started=held.backup_id.time,
        finished=finished,
        server_version=readiness.facts.server_version,
        pg_dump_version=readiness.program.version,
        pg_dump_options=pg_dump_options(target.backup, replica=readiness.facts.is_replica),
        database=readiness.facts.database,
        database_bytes=readiness.facts.database_bytes,
        files=archive.files,
        tables=archive.tables,
        extensions=readiness.facts.extensions,
        lsn=readiness.facts.lsn,
        encryption_recipients=target.encryption.recipients,
        replica=replica.note if replica else None,
        lacks=readiness.lacks.names,
        pg_dump_warnings=said,
        system_identifier=readiness.facts.system_identifier,
        format=2 if target.encryption.recipients else 1,
        tool_version=dbops.__version__,
    )


def _discard(bucket: Bucket, layout: Layout, held: HeldClaim) -> None:
    """Delete in reverse what a failed backup has written; where the store fails, the sweep does it a day later."""
    try:
        bucket.delete(layout.manifest(held.backup_id))
        for stored in bucket.list(layout.folder(held.backup_id)):
            if stored.key != layout.started(held.backup_id):
                bucket.delete(stored.key)
        _abort_uploads(bucket, layout.folder(held.backup_id))
        held.release()
    except BucketError:
        return


def _report(
    target: Target, bucket: Bucket, manifest: BackupManifest, catalog: Catalog, readiness: Readiness
) -> BackupReport:
    replica = readiness.replica
    lacks = readiness.lacks.sentences
    is_accepted = "partial_backup" in target.allow
    before = [entry.manifest for entry in catalog.entries]
    previous = [entry.manifest for entry in catalog.entries if entry.is_good]
    news, noted = dump_warnings(manifest, before)
    return BackupReport(
        target=target.name,
        started=manifest.started,
        finished=manifest.finished,
        backup_id=manifest.backup_id,
        location=f"s3://{bucket.name}/{Layout(target.root).folder(manifest.backup_id)}",
        tables=len(manifest.tables),
        rows=manifest.rows,
        stored_bytes=manifest.stored_bytes,
        database_bytes=manifest.database_bytes,
        seconds=manifest.duration.total_seconds(),
        warnings=(
            *origin_warnings(manifest, before),
            *(replica.warnings if replica else ()),
            *(() if is_accepted else lacks),
            *news,
            *size_warnings(manifest, previous, target.alerts),
            *lost_rows_warnings(manifest, previous, target.alerts),
        ),
        notes=(*(replica.notes if replica else ()), *(lacks if is_accepted else ()), *noted),
    )
