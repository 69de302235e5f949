"""Listings: the tables of `targets` and `backups`, as JSON documents and for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dbops.domain.backup import Claim
from dbops.domain.catalog import Catalog, CatalogEntry
from dbops.domain.quantities import format_bytes, format_duration
from dbops.domain.retention import RetentionPlan, age_of
from dbops.domain.target import Target
from dbops.gateways.target_files import TargetFiles

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
        _add(table, target.name, target.environment, target.connection, schedule, target.timezone, _location(target),
             target.description)  # fmt: skip
    shown = table if files.targets else "There is no target."
    return [shown, *_section("Files that cannot be used:", [str(fault) for fault in files.faults])]


def backups_document(target: Target, catalog: Catalog, plan: RetentionPlan) -> str:
    """One JSON document: ``backups`` newest first, ``leftovers`` and ``unreadable``."""
    backups = [
        {
            "backup_id": entry.backup_id,
            "started": entry.manifest.started.isoformat(),
            "finished": entry.manifest.finished.isoformat(),
            "tables": len(entry.manifest.tables),
            "rows": entry.manifest.rows,
            "stored_bytes": entry.manifest.stored_bytes,
            "encryption_recipients": entry.manifest.encryption_recipients,
            "verified": entry.verified,
            "verified_at": entry.verification.finished.isoformat() if entry.verification else None,
            "recovery_seconds": entry.verification.recovery_seconds if entry.verification else None,
            "held": entry.hold is not None,
            "keep": entry.backup_id in plan.keep,
            "reasons": _reasons(entry, plan),
        }
        for entry in reversed(catalog.entries)
    ]
    leftovers = [
        {"backup_id": leftover.backup_id, "last_written": leftover.last_written.isoformat(), "by": _by(leftover.claim)}
        for leftover in catalog.leftovers
    ]
    document = {"target": target.name, "location": _location(target), "backups": backups}
    return json.dumps({**document, "leftovers": leftovers, "unreadable": catalog.unreadable}, ensure_ascii=False)


def backups_shown(target: Target, catalog: Catalog, plan: RetentionPlan, now: datetime) -> list[RenderableType]:
    """A table of the backups, newest first, and apart from it what is none."""
    table = _table("backup", "age", "rows", "size", "encrypted", "took", "verified", "kept because")
    for entry in reversed(catalog.entries):
        manifest, reasons = entry.manifest, "; ".join(_reasons(entry, plan))
        verified = {True: "yes", False: "FAILED", None: "not yet"}[entry.verified]
        if entry.verified and entry.verification is not None:
            verified += f", in {format_duration(timedelta(seconds=entry.verification.recovery_seconds))}"
        kept = reasons if entry.backup_id in plan.keep else f"the next expire deletes it: {reasons}"
        _add(table, entry.backup_id, age_of(entry.backup_id, now), f"{manifest.rows:,}",
             format_bytes(manifest.stored_bytes), "yes" if manifest.is_encrypted else "no",
             format_duration(manifest.duration), verified, kept)  # fmt: skip
    leftovers = [
        f"{left.backup_id} by {_by(left.claim)}, last written {format_duration(now - left.last_written)} ago"
        for left in catalog.leftovers
    ]
    return [
        table if catalog.entries else f"There is no backup of {target.name} in {_location(target)} yet.",
        *_section("Running, or never finished:", leftovers),
        *_section("What cannot be read, and is never deleted:", catalog.unreadable),
    ]


def _location(target: Target) -> str:
    return f"s3://{target.storage.bucket}/{target.root}"


def _reasons(entry: CatalogEntry, plan: RetentionPlan) -> tuple[str, ...]:
    return plan.keep.get(entry.backup_id) or plan.expire.get(entry.backup_id, ())


def _by(claim: Claim | None) -> str:
    return "nobody knows whom" if claim is None else f"{claim.run} on {claim.host}"


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

    table.add_row(*(Text(cell) for cell in cells))


def _section(title: str, lines: Sequence[str]) -> list[RenderableType]:
    from rich.text import Text

    return [Text(title, style="bold"), *(Text(f"  {line}") for line in lines)] if lines else []
