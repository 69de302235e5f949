"""Layout: where the objects of a target lie in its bucket.

docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.key_part import key_part
from dbops.domain.words.start_id import StartId

INDEXES = "_indexes"
"""The name of the folder of indexes: no target, and no part of a prefix, can have it."""


@dataclass(frozen=True)
class Layout:
    """The keys of one target. ``root``, which all but the index lie below, ends with a slash, see ``Target.root``."""

    root: str

    @property
    def backups(self) -> str:
        """The folder of all backups."""
        return f"{self.root}backups/"

    def folder(self, backup_id: BackupId) -> str:
        """The folder of one backup, with its trailing slash."""
        return f"{self.backups}{backup_id}/"

    def started(self, backup_id: BackupId) -> str:
        """The claim: the first object of a backup."""
        return f"{self.folder(backup_id)}started.json"

    def manifest(self, backup_id: BackupId) -> str:
        """The manifest: the last object of a backup."""
        return f"{self.folder(backup_id)}manifest.json"

    @property
    def verifications(self) -> str:
        """The folder of verdicts."""
        return f"{self.root}verifications/"

    def verification(self, backup_id: BackupId) -> str:
        """The verdict of a restore or drill of that backup."""
        return f"{self.verifications}{backup_id}.json"

    @property
    def holds(self) -> str:
        """The folder of holds."""
        return f"{self.root}holds/"

    def hold(self, backup_id: BackupId) -> str:
        """The hold on that backup."""
        return f"{self.holds}{backup_id}.json"

    @property
    def approvals(self) -> str:
        """The folder of approvals."""
        return f"{self.root}approvals/"

    @property
    def restores(self) -> str:
        """The folder of restores' records."""
        return f"{self.root}restores/"

    def restore(self, run: str) -> str:
        """The record of that run's restore."""
        return f"{self.restores}{key_part(run, keep='-')}.json"

    @property
    def rehearsal(self) -> str:
        """What the last rehearsal of a restore came to."""
        return f"{self.root}rehearsal.json"

    @property
    def drills(self) -> str:
        """The folder of what drills hold."""
        return f"{self.root}drills/"

    def drill(self, run: str) -> str:
        """The hold of that run's drill."""
        return f"{self.drills}{key_part(run, keep='-')}.json"

    @property
    def migrations(self) -> str:
        """The folder of migrations' records."""
        return f"{self.root}migrations/"

    def migration(self, run: str) -> str:
        """The record of that run's migration."""
        return f"{self.migrations}{key_part(run, keep='-')}.json"

    @property
    def probes(self) -> str:
        """The folder of what the probes measured."""
        return f"{self.root}probes/"

    def probe(self, probe_id: str) -> str:
        """What one run of the probes measured."""
        return f"{self.probes}{probe_id}.json"

    def probe_page(self, probe_id: str) -> str:
        """The folder of its page with charts, and of the migrations that it proposes."""
        return f"{self.probes}{probe_id}/"

    def probe_migrations(self, probe_id: str) -> str:
        """The folder of the migrations that it proposes, one folder below it for each."""
        return f"{self.probe_page(probe_id)}migrations/"

    @property
    def checks(self) -> str:
        """The folder of what the checks found."""
        return f"{self.root}checks/"

    def check(self, check_id: str) -> str:
        """What one run of the checks found."""
        return f"{self.checks}{check_id}.json"

    @property
    def notifications(self) -> str:
        """The folder of the alerts that notifiers did not take."""
        return f"{self.root}notifications/"

    def notification(self, notifier: str, moment: datetime) -> str:
        """An alert that this notifier did not take at that moment."""
        return f"{self.notifications}{notifier}/{moment.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}.json"

    @property
    def told_backups(self) -> str:
        """The folder of what people were told of backups; no notifier can have its name."""
        return f"{self.notifications}_told/"

    def told_backup(self, backup_id: BackupId) -> str:
        """That people were told what is odd about that backup."""
        return f"{self.told_backups}{backup_id}.json"

    @property
    def told_failures(self) -> str:
        """The folder of the last failures of which people were told; no notifier can have its name."""
        return f"{self.notifications}_failed/"

    def told_failure(self, job: str) -> str:
        """The last failure of that job of which people were told."""
        return f"{self.told_failures}{job}.json"

    @property
    def docs(self) -> str:
        """The folder of data docs, one folder below it for each run of the checks."""
        return f"{self.root}docs/"

    @property
    def audit_trail(self) -> str:
        """The folder of the audit."""
        return f"{self.root}audit/"

    def audit(self, moment: datetime, action: str) -> str:
        """The record of an action that deleted or replaced something at that moment."""
        return f"{self.audit_trail}{StartId.at(moment)}-{action}.json"

    @property
    def indexes(self) -> str:
        """The folder of the indexes of all targets with this prefix, for one listing; no target can have its name."""
        prefix, slash, _ = self.root[:-1].rpartition("/")
        return f"{prefix}{slash}{INDEXES}/"

    @property
    def index(self) -> str:
        """The cache of the catalog; never trusted for deleting or restoring."""
        return f"{self.indexes}{self.root[:-1].rpartition('/')[2]}.json"

    @property
    def index_bundle(self) -> str:
        """All those indexes in one object; no target can have its name either."""
        return f"{self.indexes}_all.jsonl"
