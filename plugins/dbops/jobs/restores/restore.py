"""restore: load the backup of a plan where the plan says, and touch nothing that is live."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from dbops.domain.restores.extent import restore_extent
from dbops.domain.restores.plan import RestorePlan
from dbops.domain.restores.record import HarmlessComplaint, RestoreRecord, RestoreState
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.database_settings import settings_statements
from dbops.domain.words.progress import LoadProgress
from dbops.errors import BucketError, DatabaseError, PreflightFailed, RestoreFailed
from dbops.gateways.archive import Archive, Loaded, as_the_source, load_archive
from dbops.gateways.processes.programs import find_pg_restore
from dbops.gateways.server.database_server import DatabaseServer
from dbops.gateways.server.subscriptions import detach_subscriptions
from dbops.gateways.store.audit import write_audit
from dbops.jobs.approvals.require_approval import Consent, require_used_approval
from dbops.jobs.restores.plan_restore_again import require_unchanged_plan
from dbops.jobs.restores.restore_run import RestoreRun
from dbops.jobs.restores.restore_schema import restore_schema
from dbops.jobs.restores.take_over import require_can_be_taken_over, require_still_ours, take_over

_SERVER_IS_BACK_WITHIN = 30.0
_ASK_AGAIN_AFTER = 0.5
_BEGUN = {RestoreState.PLANNED, RestoreState.LOADING}

log = logging.getLogger(__name__)


def restore(
    run: RestoreRun,
    *,
    consent: Consent | None = None,
    after_another_try: bool = False,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
) -> RestoreRecord:
    """Load what that run has planned, and return its record; what is loaded already is not loaded again.

    Where its plan is to take over what an earlier run has loaded, that is what is done.

    ``after_another_try``: an earlier one, which Airflow took for dead, may still be at work; its end is waited for.
    Where the target's file asks for it, a ``consent`` to ``restore`` is demanded, by default the one on record. A load
    that fails leaves no database behind but one that was given to it; one that was killed is begun anew by the next
    attempt of the same run. Raises a DbopsError.
    """
    record = run.read()
    if record.state not in _BEGUN:
        return record
    server = run.server()
    with server.alone(after_another_try=after_another_try):
        record = run.read()  # as the try that was waited for has left it
        if record.state not in _BEGUN:
            return record
        require_still_ours(run, record)
        earlier = require_can_be_taken_over(run, server, record)
        plan = require_unchanged_plan(run, record, record.digest)
        restoring = _Restoring(run, server, run.archive(record.backup_id), on_progress)
        if earlier is not None:
            restoring.rehearse_swap(record, plan)  # before anybody's yes is used up
        if record.state is RestoreState.PLANNED:
            # A load is on record before it begins, but for a schema's, which is in the database at once or not at all.
            (consent or run.consent_on_record(nothing_done=record.schema is None))("restore", plan.digest)
        else:
            require_used_approval(run.bucket, run.target, run=run.name, action="restore", digest=plan.digest)
        if record.schema is not None:
            record = restoring.bring_schema(record, record.schema)
            _audit(run, record)
            return run.put(record)
        if earlier is not None:
            return take_over(run, record, earlier)
        record = restoring.make_room(record, plan)
        try:
            restoring.let_in(record, plan)
            restoring.rehearse_swap(record, plan)
            source = as_the_source(server.address(record.database), restoring.archive.entries)
            loaded = restoring.load(record, source.address)
            _audit(run, record)
            return run.put(
                record.at(
                    RestoreState.LOADED,
                    downloaded=loaded.downloaded,
                    load_seconds=loaded.seconds,
                    complaints=tuple(HarmlessComplaint(said.text, said.why) for said in loaded.complaints),
                    settings_left_out=source.left_out,
                ),
            )
        except BaseException:
            restoring.discard(record)
            raise


@dataclass(frozen=True)
class _Restoring:
    run: RestoreRun
    server: DatabaseServer
    archive: Archive
    on_progress: Callable[[LoadProgress], None]

    def bring_schema(self, record: RestoreRecord, new_name: str) -> RestoreRecord:
        """One schema, under its new name: ANALYZE and verification are a part of it."""
        restored = restore_schema(
            self.run.target,
            self.server.address(record.live),
            self.run.bucket,
            self.archive,
            schema=record.request.schemas[0],
            new_name=new_name,
            run=record.run,
            clock=self.run.clock,
            programs=self.run.programs,
            owners=self.run.target.restore.owners,
            on_progress=self.on_progress,
        )
        proof = restored.verification
        for warning in restored.warnings:
            proof = proof.with_warning(warning)
        return record.at(
            RestoreState.VERIFIED if proof.ok else RestoreState.FAILED,
            oid=record.live_oid,
            downloaded=restored.loaded.downloaded,
            load_seconds=restored.loaded.seconds,
            analyze_seconds=proof.analyze_seconds,
            verification=proof,
        )

    def make_room(self, record: RestoreRecord, plan: RestorePlan) -> RestoreRecord:
        """The empty database to load into, on record before anything is loaded."""
        if not record.is_own_database:
            return self._put(record, _given(self.server, record))
        _remove_what_a_killed_attempt_left(self.server, record)
        record = self._put(record, None)
        return self._put(record, self.server.create(record.database, plan.statements[0]))

    def let_in(self, record: RestoreRecord, plan: RestorePlan) -> None:
        """Before there is anything in it, nobody may connect who may not connect to the live one."""
        try:
            self.server.change(plan.statements[1 : plan.making])
        except DatabaseError as error:
            raise RestoreFailed(
                f"The connection rights of {record.live} could not be copied to {record.database}: {error.what}",
                "Nothing live was touched. Name a role that may do it under restore.connection, and start a new run.",
            ) from None

    def rehearse_swap(self, record: RestoreRecord, plan: RestorePlan) -> None:
        """Find out before hours of loading what the server would refuse to give to another database."""
        if record.request.mode != "swap" or plan.live is None:
            return
        try:
            self.server.rehearse(settings_statements(plan.live.settings, record.database))
        except DatabaseError as error:
            raise PreflightFailed(
                f"The owner, settings or grants of {record.live} cannot be applied to the restored database: "
                f"{error.what}",
                "Nothing live was touched. Name a role that may do it under restore.connection, and start a new run.",
            ) from None

    def load(self, record: RestoreRecord, address: DatabaseAddress) -> Loaded:
        target = self.run.target
        extent = restore_extent(self.archive.manifest, self.archive.entries, record.request)
        loaded = load_archive(
            self.run.bucket,
            self.archive,
            find_pg_restore(self.run.programs, self.archive.manifest.pg_dump_version),
            address,
            jobs=target.restore.jobs,
            parallelism=target.storage.parallelism,
            selection=extent.selection,
            clean_owners=not target.restore.owners,
            lz4=target.restore.lz4,
            on_progress=self.on_progress,
        )
        if extent.subscriptions(self.archive.entries):
            detach_subscriptions(self.server.address(record.database))
        return loaded

    def discard(self, record: RestoreRecord) -> None:
        """A database that is not whole is worth nothing, and takes the server's disk."""
        if record.is_own_database and record.oid is not None:
            try:
                _drop_patiently(self.server, record.database, record.oid)
                self._put(record, None)
            except (DatabaseError, PreflightFailed, BucketError) as error:
                log.warning("%s is left half-loaded, the next attempt of this run drops it: %s", record.database, error)

    def _put(self, record: RestoreRecord, oid: int | None) -> RestoreRecord:
        return self.run.put(record.at(RestoreState.LOADING, oid=oid))


def _drop_patiently(server: DatabaseServer, name: str, oid: int) -> None:
    """The load may have failed because the server is being restarted."""
    deadline = time.monotonic() + _SERVER_IS_BACK_WITHIN
    while True:
        try:
            return server.drop(name, oid)
        except DatabaseError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_ASK_AGAIN_AFTER)


def _given(server: DatabaseServer, record: RestoreRecord) -> int | None:
    if record.state is RestoreState.LOADING and (found := server.in_the_way(record.database)):
        raise PreflightFailed(
            f"An earlier attempt was interrupted, and has left {', '.join(found)} in the database {record.database}.",
            "Empty it, and start a new run.",
        )
    return server.oid_of(record.database)


def _remove_what_a_killed_attempt_left(server: DatabaseServer, record: RestoreRecord) -> None:
    oid = server.oid_of(record.database)
    if oid is None:
        return
    # Killed between making it and writing its oid down, it has left it empty: nothing else of that name is ours.
    if record.oid is None and server.in_the_way(record.database):
        raise PreflightFailed(
            f"The database {record.database} was not created by this run, and is not empty.", "Start a new run."
        )
    server.drop(record.database, oid)


def _audit(run: RestoreRun, record: RestoreRecord) -> None:
    facts = {
        "run": record.run,
        "requested_by": record.requested_by,
        "backup_id": record.backup_id,
        "mode": record.request.mode,
        "database": record.database,
        "schema": record.schema,
        "digest": record.digest,
    }
    write_audit(run.bucket, run.target, run.clock(), "restore", facts)
