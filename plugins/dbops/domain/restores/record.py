"""RestoreRecord: how far one restore is, as ``restores/<run>.json`` keeps it from one step to the next.

docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.verification import Verification
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.words.ended import Ended
from dbops.domain.words.recorded import Moment, Real, Whole

_RECORD = ConfigDict(extra="ignore")


class RestoreState(StrEnum):
    """The last step that was reached."""

    PLANNED = "planned"
    LOADING = "loading"
    LOADED = "loaded"
    ANALYZED = "analyzed"
    VERIFIED = "verified"
    FAILED = "failed"
    SWAPPED = "swapped"


@dataclass(frozen=True, config=_RECORD)
class HarmlessComplaint:
    """What pg_restore said, and why it does no harm."""

    text: str
    why: str


@dataclass(frozen=True, config=_RECORD, kw_only=True)
class RestoreRecord:
    """One run's restore of ``backup_id``.

    ``live`` is the target's database and ``live_oid`` its oid, None where there was none. ``database`` and ``oid`` are
    those that are loaded; in mode ``schema`` the database is the live one, and ``schema`` the new schema in it.
    ``before`` is the name that a swap gives to the old database. ``digest`` is of the plan to restore, ``swap_digest``
    of that to swap, made when all was verified, and ``notes`` are what the later of them says that one should know;
    ``versions`` are, right before the swap, those of the rows of the server's catalog that it is to change. ``asked``
    is the request before a backup was chosen for it. ``settings_left_out`` are the names of the database's own settings
    that its load had to do without. Bytes as stored, but ``loaded_bytes`` are what was loaded takes on
    its server, None where nobody may ask. ``ended`` is why the run ended at that state, None where it goes on or came
    to its end; what was loaded may stay then, until it was seen to be gone, at ``copy_gone``.
    """

    target: str
    run: str
    request: RestoreRequest
    backup_id: BackupId
    digest: str
    planned: Moment
    requested_by: str | None
    live: str
    live_oid: Whole | None
    database: str
    before: str | None = None
    schema: str | None = None
    state: RestoreState = RestoreState.PLANNED
    oid: Whole | None = None
    downloaded: Whole = 0
    load_seconds: Real = 0.0
    complaints: tuple[HarmlessComplaint, ...] = ()
    settings_left_out: tuple[str, ...] = ()
    analyze_seconds: Real = 0.0
    loaded_bytes: Whole | None = None
    verification: Verification | None = None
    migrations: str = ""
    swap_digest: str | None = None
    approved_by: str | None = None
    versions: dict[str, str] | None = None
    swapped: Moment | None = None
    old_gone: Moment | None = None
    asked: RestoreRequest | None = None
    notes: tuple[str, ...] = ()
    ended: Ended | None = None
    copy_gone: Moment | None = None
    format: Literal[1] = 1

    def at(self, state: RestoreState, **changed: object) -> RestoreRecord:
        """The same, a step further: it has not ended."""
        return replace(self, **{"state": state, "ended": None, "copy_gone": None, **changed})  # type: ignore[arg-type]  # replace() checks the names itself

    @property
    def came_to(self) -> str:
        """In a word, for people: how it ended, or how far it is."""
        return self.ended.word if self.ended else self.state.value

    @property
    def is_own_database(self) -> bool:
        """Whether a database is made for it, which is ours to drop while it is not whole."""
        return self.request.mode in {"beside", "swap"} and self.request.takes_over is None

    @property
    def is_of_a_whole_database(self) -> bool:
        """Whether what it has loaded, beside the live database, could take that one's place."""
        return self.request.mode in {"beside", "swap"} and self.request.is_whole

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> RestoreRecord:
        """Read a record; raises ValueError where it is not one of format 1."""
        return _ADAPTER.validate_json(body)


_ADAPTER = TypeAdapter(RestoreRecord)
