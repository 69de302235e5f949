"""Restore names: what a restore loads, and what a swap keeps, by what was asked for, of which database, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dbops.domain.restores.database_names import before_name, restored_name
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.restores.request import RestoreRequest


@dataclass(frozen=True)
class RestoreNames:
    """``database`` is what is loaded, ``before`` what the live one becomes by a swap, ``schema`` the new one in it."""

    database: str
    before: str | None = None
    schema: str | None = None


def restore_names(request: RestoreRequest, live: str, moment: datetime) -> RestoreNames:
    """The names of a restore that was planned then, of the live database of that name."""
    if request.mode == "into":
        return RestoreNames(request.into or "")
    if request.mode == "schema":
        return RestoreNames(live, schema=restored_name(request.schemas[0], moment))
    before = before_name(live, moment) if request.mode == "swap" else None
    taken = request.takes_over
    return RestoreNames(restored_name(live, taken.planned if taken else moment), before)


def strange_names(record: RestoreRecord, live: str) -> tuple[str, ...]:
    """What of a record is not what its own request makes of the live database of that name; empty where all is.

    A record lies in a bucket, where whoever may write can change it: the databases that it names are dropped, renamed
    and written into only where they can be no others.
    """
    names, taken = restore_names(record.request, live, record.planned), record.request.takes_over
    facts: tuple[tuple[str, object, object], ...] = (
        ("the live database", record.live, live),
        ("the database to load", record.database, names.database),
        ("the name for the old one", record.before, names.before),
        ("the schema", record.schema, names.schema),
        ("the backup", record.backup_id, record.request.backup_id),
        *((("the mode", record.request.mode, "swap"), ("the oid", record.oid, taken.oid)) if taken else ()),
    )
    strange = [fact for fact in facts if fact[1] != fact[2]]
    return tuple(f"{what} is {found or 'none'}, not {meant or 'none'}" for what, found, meant in strange)
