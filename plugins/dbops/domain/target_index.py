"""TargetIndex: the short form of all that a target's bucket says, as ``index.json`` keeps it for pages and people.

It is a cache, never trusted for deleting or restoring. docs/backup-format.md is the public copy of this file; change
both together.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.backup import BackupId
from dbops.domain.retention import Hold

_RECORD = ConfigDict(extra="ignore")


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedBackup:
    """One finished backup. ``verified`` and ``recovery_seconds`` are None until a restore or drill gave its verdict.

    ``tables`` is how many it has; ``stored_bytes`` are those in the bucket, ``database_bytes`` those on the server.
    """

    backup_id: BackupId
    finished: datetime
    rows: int
    tables: int
    stored_bytes: int
    database_bytes: int
    verified: bool | None = None
    recovery_seconds: float | None = None
    hold: Hold | None = None

    @property
    def is_good(self) -> bool:
        """Whether retention may count on it: finished, and not shown by a verification to be unusable."""
        return self.verified is not False

    @property
    def started(self) -> datetime:
        """When it began, to the second."""
        return self.backup_id.time

    @property
    def duration(self) -> timedelta:
        """From the claim of the id to the last file."""
        return self.finished - self.started


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedLeftover:
    """A backup that is running, or never finished; ``alive`` is its last sign of life, by its claim or a file."""

    backup_id: BackupId
    alive: datetime


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedProof:
    """The verdict of a drill or a restore; ``sentence`` is the first error where it is not good."""

    backup_id: BackupId
    ok: bool
    kind: Literal["drill", "restore"]
    finished: datetime
    recovery_seconds: float
    sentence: str = ""


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedChecks:
    """The newest run of the checks. Of the rules that are errors so many ``failed`` or are ``unknown``.

    ``warnings`` are the bad ones among the others. ``worst`` are a few bad rules by name, errors first; ``docs`` is
    where the run's page lies, empty where it has none.
    """

    check_id: BackupId
    finished: datetime
    full: bool
    passed: int
    failed: int
    unknown: int
    warnings: int
    worst: tuple[str, ...]
    docs: str

    @property
    def is_red(self) -> bool:
        """Whether a rule that is an error was bad."""
        return self.failed + self.unknown > 0


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedProbes:
    """The newest run of the probes: how many there were, how many of them are ``well``, and where its ``page`` lies.

    ``p95`` is that of all samples, in milliseconds, None where nothing was timed; ``slowest`` the probe with the
    highest. ``worst`` are a few that are not well, the most urgent first, each with what is wrong in a word.
    """

    probe_id: BackupId
    finished: datetime
    total: int
    well: int
    p95: float | None
    slowest: str
    worst: tuple[str, ...]
    page: str


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class TargetIndex:
    """What was in the bucket when it was ``written``: the finished backups, oldest first, and all that judges them.

    ``unreadable`` has a sentence on each object that cannot be read. ``last_proof`` is the newest good verdict on any
    backup, ``last_verdict`` the newest, good or not; also of backups that have expired since.
    """

    target: str
    written: datetime
    backups: tuple[IndexedBackup, ...] = ()
    leftovers: tuple[IndexedLeftover, ...] = ()
    unreadable: tuple[str, ...] = ()
    last_proof: IndexedProof | None = None
    last_verdict: IndexedProof | None = None
    checks: IndexedChecks | None = None
    probes: IndexedProbes | None = None
    format: Literal[2] = 2

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _INDEX.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> TargetIndex:
        """Read an index; raises ValueError where it is not one of format 2."""
        return _INDEX.validate_json(body)


_INDEX = TypeAdapter(TargetIndex)
