"""TargetIndex: the short form of all that a target's bucket says, as ``Layout.index`` keeps it for pages and people.

It is a cache, never trusted for deleting or restoring. docs/backup-format.md is the public copy of this file; change
both together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry, Leftover
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.verification import Verification
from dbops.domain.checks.run import CheckRun
from dbops.domain.checks.suite import Outcome, worst_first
from dbops.domain.probes.run import ProbeRun
from dbops.domain.probes.standing import most_urgent_first, standing_of
from dbops.domain.probes.totals import ProbeTotals
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.words.recorded import Moment, Real, Whole
from dbops.domain.words.start_id import StartId

_RECORD = ConfigDict(extra="ignore")
_NAMED = 5


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedBackup:
    """One finished backup. ``verified`` and what follows are None until a restore or drill gave its verdict.

    ``tables`` is how many it has; ``stored_bytes`` are those in the bucket, ``database_bytes`` those on the server.
    ``verified_at`` is what the verdict says of itself, ``judged_at`` when the store was given it. ``is_doubtful`` says
    that there is one of which cannot be read whether it was good.
    """

    backup_id: BackupId
    finished: Moment
    rows: Whole
    tables: Whole
    stored_bytes: Whole
    database_bytes: Whole
    is_encrypted: bool = False
    encryption_recipients: tuple[str, ...] = ()
    verified: bool | None = None
    verified_at: Moment | None = None
    judged_at: Moment | None = None
    is_doubtful: bool = False
    recovery_seconds: Real | None = None
    hold: Hold | None = None

    @classmethod
    def of(cls, entry: CatalogEntry) -> Self:
        """What the catalog has of it, in short."""
        manifest, proof = entry.manifest, entry.verification
        return cls(
            backup_id=entry.backup_id,
            finished=manifest.finished,
            rows=manifest.rows,
            tables=len(manifest.tables),
            stored_bytes=manifest.stored_bytes,
            database_bytes=manifest.database_bytes,
            is_encrypted=manifest.is_encrypted,
            encryption_recipients=manifest.encryption_recipients,
            verified=entry.verified,
            verified_at=proof.finished if proof else None,
            judged_at=entry.judged_at,
            is_doubtful=entry.is_doubtful,
            recovery_seconds=proof.recovery_seconds if proof else None,
            hold=entry.hold,
        )

    @property
    def is_good(self) -> bool:
        """Whether retention may count on it: finished, and not shown by a verification to be unusable."""
        return self.verified is not False

    @property
    def failed_at(self) -> datetime | None:
        """When it was shown to be unusable; None while it is good. No verdict is older than its backup."""
        return None if self.is_good else self.judged_at or self.finished

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
    alive: Moment

    @classmethod
    def of(cls, leftover: Leftover) -> Self:
        """The later of when its claim was renewed and when a file of it was written."""
        signs = [leftover.last_written, *([leftover.claim.renewed] if leftover.claim else [])]
        return cls(backup_id=leftover.backup_id, alive=max(signs))


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedOrigin:
    """Of which database, on which cluster, a backup is; ``system_identifier`` is None where nobody knows it."""

    database: str
    system_identifier: str | None

    @classmethod
    def of(cls, entry: CatalogEntry) -> Self:
        """As its manifest has it."""
        return cls(database=entry.manifest.database, system_identifier=entry.manifest.system_identifier)


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedProof:
    """The verdict of a drill or a restore; ``sentence`` is the first error where it is not good."""

    backup_id: BackupId
    ok: bool
    kind: Literal["drill", "restore"]
    finished: Moment
    recovery_seconds: Real
    sentence: str = ""

    @classmethod
    def of(cls, verdict: Verification) -> Self:
        """A verdict without its details."""
        return cls(
            backup_id=verdict.backup_id,
            ok=verdict.ok,
            kind=verdict.kind,
            finished=verdict.finished,
            recovery_seconds=verdict.recovery_seconds,
            sentence=next(iter(verdict.errors), ""),
        )


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class IndexedChecks:
    """A run of the checks, in an index the newest. Of the rules that are errors so many ``failed`` or are ``unknown``.

    ``warnings`` are the bad ones among the others. ``worst`` are a few bad rules by name, errors first; ``docs`` is
    where the run's page lies, empty where it has none.
    """

    check_id: StartId
    finished: Moment
    full: bool
    passed: Whole
    failed: Whole
    unknown: Whole
    warnings: Whole
    worst: tuple[str, ...]
    docs: str

    @classmethod
    def of(cls, run: CheckRun) -> Self:
        """What the run came to; every rule is counted once."""
        red = [result for result in run.results if result.is_red]
        warnings = [result for result in run.results if result.is_bad and not result.is_red]
        return cls(
            check_id=run.check_id,
            finished=run.finished,
            full=run.full,
            passed=len(run.results) - len(red) - len(warnings),
            failed=sum(result.outcome is Outcome.FAILED for result in red),
            unknown=sum(result.outcome is Outcome.NOT_EVALUATED for result in red),
            warnings=len(warnings),
            worst=tuple(result.named for result in worst_first([*red, *warnings])[:_NAMED]),
            docs=run.docs,
        )

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

    probe_id: StartId
    finished: Moment
    total: Whole
    well: Whole
    p95: float | None
    slowest: str
    worst: tuple[str, ...]
    page: str

    @classmethod
    def of(cls, run: ProbeRun) -> Self:
        """What the run came to."""
        totals = ProbeTotals.of(run.results)
        unwell = [one for one in most_urgent_first(run.results) if not standing_of(one).is_well]
        return cls(
            probe_id=run.probe_id,
            finished=run.finished,
            total=len(run.results),
            well=len(run.results) - len(unwell),
            p95=totals.p95,
            slowest=totals.slowest,
            worst=tuple(f"{one.probe}: {standing_of(one).value}" for one in unwell[:_NAMED]),
            page=run.page,
        )


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class TargetIndex:
    """What was in the bucket when all of it was last read and this was ``written``: the finished backups, oldest first.

    ``unreadable`` has a sentence on each object that cannot be read. ``origin`` is of the newest backup, None also in
    an index of an earlier release. ``last_proof`` is the newest good verdict on any backup, ``last_verdict`` the
    newest, good or not; also of backups that have expired since. ``checks`` and ``probes`` may be newer than
    ``written``: a run that ends puts its own section in, and so does the last ``rehearsal`` of a restore.
    ``working_holds`` are of restores and drills that were not at their end.
    """

    target: str
    written: Moment
    backups: tuple[IndexedBackup, ...] = ()
    leftovers: tuple[IndexedLeftover, ...] = ()
    unreadable: tuple[str, ...] = ()
    origin: IndexedOrigin | None = None
    last_proof: IndexedProof | None = None
    last_verdict: IndexedProof | None = None
    checks: IndexedChecks | None = None
    probes: IndexedProbes | None = None
    working_holds: tuple[Hold, ...] = ()
    rehearsal: Rehearsal | None = None
    format: Literal[2] = 2

    @property
    def holds(self) -> tuple[Hold, ...]:
        """All that retention has to heed: what people hold, and what restores and drills do."""
        return (*(backup.hold for backup in self.backups if backup.hold is not None), *self.working_holds)

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        written: datetime,
        *,
        checks: CheckRun | None = None,
        probes: ProbeRun | None = None,
        unreadable: Sequence[str] = (),
        working_holds: Sequence[Hold] = (),
        rehearsal: Rehearsal | None = None,
    ) -> Self:
        """The short form of a catalog and the newest runs; ``unreadable`` is what the catalog does not know of."""
        verdict = catalog.last_verdict
        proof = catalog.last_proof
        return cls(
            target=catalog.target,
            written=written,
            backups=tuple(IndexedBackup.of(entry) for entry in catalog.entries),
            leftovers=tuple(IndexedLeftover.of(leftover) for leftover in catalog.leftovers),
            unreadable=(*catalog.unreadable, *unreadable),
            origin=IndexedOrigin.of(catalog.entries[-1]) if catalog.entries else None,
            last_proof=IndexedProof.of(proof) if proof else None,
            last_verdict=IndexedProof.of(verdict) if verdict else None,
            checks=IndexedChecks.of(checks) if checks else None,
            probes=IndexedProbes.of(probes) if probes else None,
            working_holds=tuple(working_holds),
            rehearsal=rehearsal,
        )

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _INDEX.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> TargetIndex:
        """Read an index; raises ValueError where it is not one of format 2."""
        return _INDEX.validate_json(body)


_INDEX = TypeAdapter(TargetIndex)
