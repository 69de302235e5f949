"""RestoreRun: what all steps of one run's restore work on, from its plan to its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dbops.domain.backups.backup import BackupId
from dbops.domain.restores.names import strange_names
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.target import Target
from dbops.errors import PlanChanged, RestoreFailed
from dbops.gateways.archive import Archive, open_archive
from dbops.gateways.server.database_server import DatabaseServer
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.restores import find_restore, put_restore, read_restore
from dbops.jobs.approvals.require_approval import Consent, consent_on_record
from dbops.jobs.restores.restore_place import RestorePlace


@dataclass(frozen=True)
class RestoreRun:
    """``name`` is the run's. What its steps know of each other is its record, which lies in the bucket.

    ``programs`` is a folder with PostgreSQL's programs, None: those of this machine.
    """

    target: Target
    place: RestorePlace
    bucket: Bucket
    name: str
    clock: Callable[[], datetime]
    programs: Path | None = None

    def server(self) -> DatabaseServer:
        """The target's server; raises InvalidConnection where a pooler is between, and DatabaseError."""
        return self.place.server(self.target)

    def server_of(self, record: RestoreRecord) -> DatabaseServer:
        """The target's server, on which the record's database is the one that this run has loaded.

        Raises RestoreFailed where it is not, and otherwise as ``server`` does.
        """
        server = self.server()
        if record.oid is None or server.oid_of(record.database) != record.oid:
            raise RestoreFailed(
                f"The database {record.database}, which this run was to load, no longer exists, "
                "or is no longer the same one.",
                "Nothing live was touched. Start a new run.",
            )
        return server

    def find(self) -> RestoreRecord | None:
        """How far it is; None where it has planned nothing. Raises InvalidRequest where that cannot be read."""
        return find_restore(self.bucket, self.target, self.name)

    def read(self) -> RestoreRecord:
        """How far it is; raises InvalidRequest where it has planned nothing.

        Raises PlanChanged where it names other databases than its plan does: every step acts upon what it names.
        """
        record = read_restore(self.bucket, self.target, self.name)
        if strange := strange_names(record, self.place.live.database):
            raise PlanChanged(
                f"The record of this restore of {self.target.name} is not what was planned: {'; '.join(strange)}. "
                "Somebody has edited it, or the target's connection now leads to another database.",
                "Nothing was changed. Find out who can write to the bucket, and start a new run.",
            )
        return record

    def put(self, record: RestoreRecord) -> RestoreRecord:
        """Write how far it is, and give that back; raises BucketError."""
        return put_restore(self.bucket, self.target, record)

    def consent_on_record(self, *, nothing_done: bool) -> Consent:
        """The consent that people have given to this run, in Airflow; ``nothing_done`` as in ``require_approval``."""
        return consent_on_record(self.bucket, self.target, run=self.name, clock=self.clock, nothing_done=nothing_done)

    def archive(self, backup_id: BackupId) -> Archive:
        """A backup, ready to be loaded; raises as ``open_archive`` does."""
        return open_archive(self.bucket, self.target, backup_id, self.place.identities)
