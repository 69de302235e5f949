"""verify_restore: prove that what a restore has loaded is what the backup holds."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.archives.complaints import Complaint
from dbops.domain.archives.load_settings import left_out_sentence
from dbops.domain.backups.verification import Verification
from dbops.domain.restores.extent import restore_extent
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.warnings import swap_without_owners
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.words.quantities import format_moment, listed
from dbops.errors import RestoreFailed
from dbops.gateways.archive import Archive, Loaded, as_the_source
from dbops.gateways.migrating.migrations import say_restored_migrations
from dbops.gateways.processes.programs import find_restore_programs
from dbops.gateways.server.database_server import DatabaseServer
from dbops.gateways.server.restored_database import RestoredDatabase
from dbops.gateways.store.verifications import put_verification
from dbops.jobs.backups.check_restored import check_restored
from dbops.jobs.backups.verify import Restored, verify
from dbops.jobs.restores.restore_run import RestoreRun
from dbops.jobs.target_index.refresh_index import refresh_index

_VERIFIED = {RestoreState.VERIFIED, RestoreState.SWAPPED}
_ERRORS_SHOWN = 5
_TABLES_NAMED = 5


def verify_restore(run: RestoreRun) -> RestoreRecord:
    """Compare what was loaded with its backup, keep the verdict, and say at which migrations it is.

    Raises RestoreFailed where it is not what the backup holds; it is left for people to look at.
    """
    record = run.read()
    if record.state in _VERIFIED:
        return record
    if record.state is not RestoreState.FAILED:
        target, server = run.target, run.server_of(record)
        archive = run.archive(record.backup_id)
        address = as_the_source(server.address(record.database), archive.entries).address
        proof = _compare(run, address, archive, record)
        proof = check_restored(target, address, proof)
        if record.settings_left_out:
            proof = proof.with_warning(left_out_sentence(record.settings_left_out))
        if record.request.takes_over is not None:
            proof = _with_rows_changed(proof, server, record)
        if record.request.mode == "swap" and not target.restore.owners:
            proof = proof.with_warning(swap_without_owners())
        fresh = proof.ok and record.request.takes_over is None  # what is taken over was not read from the bucket now
        if fresh:  # a bad one may be whoever wrote into it meanwhile: only a drill condemns a backup
            put_verification(run.bucket, target, proof)
        migrations = say_restored_migrations(_address(server, record), target)
        state = RestoreState.VERIFIED if proof.ok else RestoreState.FAILED
        record = run.put(record.at(state, verification=proof, migrations=migrations))
        if fresh and proof.whole:
            refresh_index(target, run.bucket, run.clock)
    if record.state is RestoreState.FAILED:
        errors = " ".join(record.verification.errors[:_ERRORS_SHOWN]) if record.verification else ""
        where = record.schema or record.database
        raise RestoreFailed(
            f"What was restored of {record.backup_id} into {where} is not what the backup holds: {errors}",
            f"Nothing live was touched. {_whose_fault(record)} Look at {where}, and drop it.",
        )
    return record


def _with_rows_changed(proof: Verification, server: DatabaseServer, record: RestoreRecord) -> Verification:
    """The same, with a warning where rows were changed in what stood there since it was loaded: no number tells."""
    changed = RestoredDatabase(server.address(record.database)).rows_changed()
    if not changed:
        return proof
    tables = listed([f"{'.'.join(table)} ({rows:,})" for table, rows in changed.items()], named=_TABLES_NAMED)
    return proof.with_warning(
        f"Rows of {record.database} were changed or deleted since it was loaded, in {tables}: they may not be what the "
        "backup holds. If nobody meant that, do not swap it in, but start a new run that loads: one without loaded."
    )


def _whose_fault(record: RestoreRecord) -> str:
    taken = record.request.takes_over
    if taken is None:
        return "Drill the backup to see whether it is at fault."
    return (
        f"The run {taken.loaded_by} had found it to be so at {format_moment(taken.verified)}: somebody has changed "
        "something in it since. Start a new run that loads: one without loaded."
    )


def _compare(run: RestoreRun, address: DatabaseAddress, archive: Archive, record: RestoreRecord) -> Verification:
    pg_dump = find_restore_programs(run.programs, archive.manifest.pg_dump_version).pg_dump
    complaints = tuple(Complaint(said.text, said.why) for said in record.complaints)
    restored = Restored(
        archive=archive,
        address=address,
        loaded=Loaded(record.downloaded, record.load_seconds, complaints),
        analyze_seconds=record.analyze_seconds,
        started=record.planned,
        selection=restore_extent(archive.manifest, archive.entries, record.request).selection,
        owners=run.target.restore.owners,
    )
    return verify(restored, pg_dump, kind="restore", run=record.run, jobs=run.target.restore.jobs, clock=run.clock)


def _address(server: DatabaseServer, record: RestoreRecord) -> DatabaseAddress:
    """Where the restored ledger lies: a restored schema has its own."""
    address = server.address(record.database)
    return address if record.schema is None else replace(address, search_schema=record.schema)
