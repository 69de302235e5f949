"""RestoreRequest: what somebody asks to have restored, and where to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dbops.domain.backups.backup import BackupId, read_backup_id
from dbops.domain.restores.taken_over import TakenOver
from dbops.domain.words.suggestion import did_you_mean
from dbops.errors import InvalidRequest

RestoreMode = Literal["beside", "swap", "into", "schema"]
MODES: tuple[RestoreMode, ...] = get_args(RestoreMode)


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class RestoreRequest:
    """Without ``schemas`` and ``tables`` the whole database is meant; without a backup the newest verified one.

    ``beside``: a new database. ``swap``: the same, then put into the live one's place. ``into``: the empty database
    ``into``. ``schema``: one schema, under a new name, in the live database.

    ``loaded`` names a run, or the database that it has loaded: a swap of that, which loads nothing. What that turned
    out to be is in ``takes_over``.
    """

    mode: RestoreMode = "beside"
    backup_id: BackupId | None = None
    not_later_than: datetime | None = None
    schemas: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    into: str | None = None
    loaded: str | None = None
    takes_over: TakenOver | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing was chosen."""
        return not self.schemas and not self.tables


def read_restore_request(
    *,
    mode: str = "beside",
    backup: str | None = None,
    not_later_than: str | None = None,
    schemas: Iterable[str] = (),
    tables: Iterable[str] = (),
    into: str | None = None,
    loaded: str | None = None,
    zone: ZoneInfo,
) -> RestoreRequest:
    """What a form or a shell was given, where an empty text is nothing; raises InvalidRequest.

    ``not_later_than`` without an offset is in ``zone``, the target's time zone.
    """
    if mode not in MODES:
        raise InvalidRequest(
            f'A restore has no mode "{mode}".', did_you_mean(mode, MODES) or f"Choose one of {', '.join(MODES)}."
        )
    request = RestoreRequest(
        mode=mode,
        backup_id=read_backup_id(backup.strip()) if backup and backup.strip() else None,
        not_later_than=_moment(not_later_than, zone) if not_later_than and not_later_than.strip() else None,
        schemas=_names(schemas),
        tables=_names(tables),
        into=into.strip() or None if into else None,
        loaded=loaded.strip() or None if loaded else None,
    )
    _require_sense(request)
    return request


def _require_sense(request: RestoreRequest) -> None:
    if request.backup_id and request.not_later_than:
        raise InvalidRequest(
            "A restore takes either a backup, or a time that it may not be later than, not both.",
            "Leave one of them out.",
        )
    if request.loaded and (request.backup_id or request.not_later_than):
        raise InvalidRequest(
            "A restore takes either what is already loaded, or a backup to load, not both.", "Leave one of them out."
        )
    if request.loaded and request.mode != "swap":
        raise InvalidRequest(
            f"`loaded` works only in mode swap, and the mode is {request.mode}.",
            "Choose the mode swap, or leave loaded out.",
        )
    if request.mode == "swap" and not request.is_whole:
        raise InvalidRequest(
            "Only a whole database can take the place of the live one, because what was not chosen would be lost.",
            "Restore the chosen schemas or tables beside it, and copy from there.",
        )
    if request.mode == "into" and not request.into:
        raise InvalidRequest("A restore into an empty database needs its name.", "Give it in the field into.")
    if request.mode != "into" and request.into:
        raise InvalidRequest(
            f"A database to restore into was named, and the mode is {request.mode}.", "Choose the mode into."
        )
    if request.mode == "schema" and (request.tables or len(request.schemas) != 1):
        raise InvalidRequest(
            "A restore into a new schema of the live database takes exactly one schema, and no tables.",
            "Name it in the field schemas.",
        )


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in given if name.strip()))


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidRequest(
            f'"{text.strip()}" is not a time for not_later_than.', "Write 2026-11-22 02:00, for example."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
