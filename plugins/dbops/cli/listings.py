"""Listings: the tables of `targets` and `backups`, as JSON documents and for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dbops.domain.backups.backup import Claim
from dbops.domain.backups.retention import RetentionPlan, age_of
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedBackup
from dbops.domain.views.backup_listing import BackupListing
from dbops.domain.words.printable import printable
from dbops.domain.words.quantities import format_bytes, format_duration, listed
from dbops.gateways.files.target_files import TargetFiles

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def targets_document(files: TargetFiles) -> str:
    """One JSON document: ``targets`` and ``faults``."""
    targets = [
        {
            "name": target.name,
            "description": target.description,
            "environment": target.environment,
            "connection": target.connection,
            "same_connection": _of_the_same_connection(target, files),
            "schedule": target.schedule.backup,
            "timezone": target.timezone,
            "location": _location(target),
        }
        for target in files.targets.values()
    ]
    faults = [{"path": fault.path, "line": fault.line, "sentence": fault.sentence} for fault in files.faults]
    return json.dumps({"targets": targets, "faults": faults}, ensure_ascii=False)


def targets_shown(files: TargetFiles) -> list[RenderableType]:
    """A table of the targets, and the faults below it."""
    table = _table("target", "environment", "connection", "backup at", "time zone", "backups lie in", "description")
    for target in files.targets.values():
        schedule = target.schedule.backup or "by hand only"
        others = _of_the_same_connection(target, files)
        connection = f"{target.connection} (also of {listed(others)})" if others else target.connection
        _add(table, target.name, target.environment, connection, schedule, target.timezone, _location(target),
             target.description)  # fmt: skip
    shown = table if files.targets else "There are no targets."
    return [shown, *_section("Files that cannot be used:", [str(fault) for fault in files.faults])]


def backups_document(target: Target, listing: BackupListing, plan: RetentionPlan) -> str:
    """One JSON document: ``backups`` newest first, ``leftovers`` and ``unreadable``."""
    backups = [
        {
            "backup_id": backup.backup_id,
            "started": backup.started.isoformat(),
            "finished": backup.finished.isoformat(),
            "tables": backup.tables,
            "rows": backup.rows,
            "stored_bytes": backup.stored_bytes,
            "encryption_recipients": backup.encryption_recipients,
            "verified": backup.verified,
            "verified_at": backup.verified_at.isoformat() if backup.verified_at else None,
            "recovery_seconds": backup.recovery_seconds,
            "held": backup.hold is not None,
            "keep": backup.backup_id in plan.keep,
            "reasons": _reasons(backup, plan),
        }
        for backup in reversed(listing.backups)
    ]
    leftovers = [
        {"backup_id": leftover.backup_id, "last_written": leftover.last_written.isoformat(), "by": _by(leftover.claim)}
        for leftover in listing.leftovers
    ]
    document = {"target": target.name, "location": _location(target), "backups": backups}
    return json.dumps({**document, "leftovers": leftovers, "unreadable": listing.unreadable}, ensure_ascii=False)


def backups_shown(target: Target, listing: BackupListing, plan: RetentionPlan, now: datetime) -> list[RenderableType]:
    """A table of the backups, newest first, and apart from it what is none."""
    table = _table("backup", "age", "rows", "size", "encrypted", "took", "verified", "kept because")
    for backup in reversed(listing.backups):
        reasons = "; ".join(_reasons(backup, plan))
        verified = {True: "yes", False: "FAILED", None: "not yet"}[backup.verified]
        if backup.verified and backup.recovery_seconds is not None:
            verified += f", in {format_duration(timedelta(seconds=backup.recovery_seconds))}"
        kept = reasons if backup.backup_id in plan.keep else f"the next expire deletes it: {reasons}"
        _add(table, backup.backup_id, age_of(backup.backup_id, now), f"{backup.rows:,}",
             format_bytes(backup.stored_bytes), "yes" if backup.is_encrypted else "no",
             format_duration(backup.duration), verified, kept)  # fmt: skip
    leftovers = [
        f"{left.backup_id} by {_by(left.claim)}, last written {format_duration(now - left.last_written)} ago"
        for left in listing.leftovers
    ]
    return [
        table if listing.backups else f"There is no backup of {target.name} in {_location(target)} yet.",
        *_section("Running, or never finished:", leftovers),
        *_section("What cannot be read, and is never deleted:", listing.unreadable),
    ]


def _location(target: Target) -> str:
    return f"s3://{target.storage.bucket}/{target.root}"


def _of_the_same_connection(target: Target, files: TargetFiles) -> list[str]:
    """The other targets that name it: a file that was copied, or two copies of one database on purpose."""
    others = (other for other in files.targets.values() if other.name != target.name)
    return [other.name for other in others if other.connection == target.connection]


def _reasons(backup: IndexedBackup, plan: RetentionPlan) -> tuple[str, ...]:
    return plan.keep.get(backup.backup_id) or plan.expire.get(backup.backup_id, ())


def _by(claim: Claim | None) -> str:
    return "an unknown run" if claim is None else f"{claim.run} on {claim.host}"


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        right = column in {"rows", "size", "took", "age"}
        table.add_column(column, justify="right" if right else "left", overflow="fold", no_wrap=column == "backup")
    return table


def _add(table: Table, *cells: str) -> None:
    from rich.text import Text

    table.add_row(*(Text(printable(cell)) for cell in cells))


def _section(title: str, lines: Sequence[str]) -> list[RenderableType]:
    from rich.text import Text

    return [Text(title, style="bold"), *(Text(f"  {line}") for line in lines)] if lines else []
