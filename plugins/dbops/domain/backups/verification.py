"""Verification: the verdict on a backup that was restored for real, as ``verifications/<backup_id>.json`` keeps it.

docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.backups.backup import BackupId
from dbops.domain.words.recorded import Moment, Real, Whole

_RECORD = ConfigDict(extra="ignore")


@dataclass(frozen=True, config=_RECORD)
class Finding:
    """Something about the restored database: an error fails the verification, a warning does not. No row values."""

    severity: Literal["error", "warning"]
    sentence: str


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class Verification:
    """Bytes as stored; ``recovery_seconds`` is how long a restore took from the first byte to the verdict.

    ``whole`` is False where only chosen schemas or tables were restored: such a verdict says nothing of the backup.
    """

    target: str
    backup_id: BackupId
    ok: bool
    kind: Literal["drill", "restore"]
    run: str
    started: Moment
    finished: Moment
    server_version: str
    findings: tuple[Finding, ...]
    tables: Whole
    rows: Whole
    bytes_downloaded: Whole
    load_seconds: Real
    analyze_seconds: Real
    verify_seconds: Real
    schema_fingerprint: str
    whole: bool = True
    format: Literal[1] = 1

    @property
    def was_loaded(self) -> bool:
        """Whether there was a database to look at; otherwise nothing in it was counted or timed, see ``condemned``."""
        return bool(self.server_version)

    @property
    def recovery_seconds(self) -> float:
        """Load, ANALYZE and verification."""
        return self.load_seconds + self.analyze_seconds + self.verify_seconds

    @property
    def errors(self) -> tuple[str, ...]:
        """What fails it."""
        return tuple(finding.sentence for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What does not."""
        return tuple(finding.sentence for finding in self.findings if finding.severity == "warning")

    def with_warning(self, sentence: str) -> Verification:
        """The same, with one more warning."""
        return replace(self, findings=(*self.findings, Finding("warning", sentence)))

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _VERIFICATION.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> Verification:
        """Read a verification; raises ValueError where it is not one of format 1."""
        return _VERIFICATION.validate_json(body)


def condemned(
    target: str, backup_id: BackupId, sentence: str, *, run: str, started: datetime, finished: datetime
) -> Verification:
    """A drill's verdict on a backup that could not be loaded, by its own fault; ``sentence`` says why."""
    return Verification(
        target=target,
        backup_id=backup_id,
        ok=False,
        kind="drill",
        run=run,
        started=started,
        finished=finished,
        server_version="",
        findings=(Finding("error", sentence),),
        tables=0,
        rows=0,
        bytes_downloaded=0,
        load_seconds=0.0,
        analyze_seconds=0.0,
        verify_seconds=0.0,
        schema_fingerprint="",
    )


_VERIFICATION = TypeAdapter(Verification)
