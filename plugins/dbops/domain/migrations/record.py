"""MigrationRecord: how far the migration of one run is, as ``migrations/<run>.json`` keeps it, written at every step.

docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.migrations.touched_probes import ProbeReadings
from dbops.domain.sql.object_names import TableName
from dbops.domain.words.ended import Ended
from dbops.domain.words.recorded import Moment, Whole

_RECORD = ConfigDict(extra="ignore")


class MigrationState(StrEnum):
    """The last step that was reached.

    A run that was interrupted while ``applying`` or ``reverting`` goes on from there; all later ones are over.
    ``reverted`` is a failure after which the database is what it was, ``failed`` one after which something stays.
    """

    PLANNED = "planned"
    BACKED_UP = "backed_up"
    APPLYING = "applying"
    REVERTING = "reverting"
    FAILED = "failed"
    REVERTED = "reverted"
    DONE = "done"


class StepState(StrEnum):
    """What has become of one migration; only ``applied`` ones are in force."""

    PENDING = "pending"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    REVERTING = "reverting"
    REVERTED = "reverted"


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class MigrationStep:
    """One migration of the run. ``marked`` is a baseline, which is not executed; ``row_id`` its row of the ledger.

    ``checksum`` and ``down_checksum`` are of the texts that were approved, the latter None where there is no down.sql.
    ``said`` is why it failed, or why it stays although the run has failed.
    """

    name: str
    checksum: str
    down_checksum: str | None = None
    marked: bool = False
    reversible: bool = False
    state: StepState = StepState.PENDING
    row_id: str | None = None
    began: Moment | None = None
    ended: Moment | None = None
    said: str = ""

    @property
    def seconds(self) -> float:
        """How long it took; 0 while it is not over."""
        return (self.ended - self.began).total_seconds() if self.began and self.ended else 0.0


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class PostCheck:
    """What was found after all was applied: ``faults`` are wrong, ``remarks`` want somebody to look; sentences both."""

    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class MigrationRecord:
    """One run's migration of the target's ``database`` by the plan of ``digest``.

    ``oid`` is the database's, ``fingerprint`` the live schema's before anything was done, see ``schema_fingerprint``,
    and ``grants`` that of its owners and grants; empty until something is begun.
    ``consented`` is when the approval was used up, ``backup_id`` what was backed up right before. ``failure`` says what
    went wrong, ``remedy`` what to do; ``interrupted`` why the last attempt has ended early, where it could say so.
    ``touched`` are the tables that were there before and that the migrations lock; ``before`` and ``after`` are how the
    operations on them fared, and ``checked`` what the post-check has found; each is None until it was looked at.
    ``ended`` is why the run ended before it changed anything, None where it goes on or has begun to.
    """

    target: str
    run: str
    digest: str
    planned: Moment
    requested_by: str | None = None
    database: str = ""
    oid: Whole = 0
    fingerprint: str = ""
    grants: str = ""
    state: MigrationState = MigrationState.PLANNED
    backup_id: str | None = None
    approved_by: str | None = None
    consented: Moment | None = None
    steps: tuple[MigrationStep, ...] = ()
    interrupted: str = ""
    failure: str = ""
    remedy: str = ""
    finished: Moment | None = None
    touched: tuple[TableName, ...] = ()
    before: ProbeReadings | None = None
    after: ProbeReadings | None = None
    checked: PostCheck | None = None
    ended: Ended | None = None
    format: Literal[1] = 1

    def at(self, state: MigrationState, **changed: object) -> MigrationRecord:
        """The same, a step further: it has not ended."""
        return replace(self, **{"state": state, "ended": None, **changed})  # type: ignore[arg-type]  # replace() checks the names itself

    def with_step(self, step: MigrationStep) -> MigrationRecord:
        """The same, with that step in place of the one of its name."""
        return replace(self, steps=tuple(step if one.name == step.name else one for one in self.steps))

    def names(self, state: StepState) -> tuple[str, ...]:
        """The migrations of which that has become, in their order."""
        return tuple(step.name for step in self.steps if step.state is state)

    @property
    def came_to(self) -> str:
        """In a word or two, for people: how it ended, or how far it is."""
        return self.ended.word if self.ended else self.state.value.replace("_", " ")

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done in this run."""
        return self.state in {MigrationState.FAILED, MigrationState.REVERTED, MigrationState.DONE}

    @property
    def is_begun(self) -> bool:
        """Whether anything may have been changed in the database."""
        return self.state not in {MigrationState.PLANNED, MigrationState.BACKED_UP}

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> MigrationRecord:
        """Read a record; raises ValueError where it is not one of format 1."""
        return _ADAPTER.validate_json(body)


_ADAPTER = TypeAdapter(MigrationRecord)
