"""What a job came to, in one line for the screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Facts:
    """One line. `is_warning`: somebody should look, though nothing is broken."""

    sentence: str
    is_warning: bool = False


def of_backup(manifest: Mapping[str, Any]) -> Facts:
    """Of a backup's manifest: rows and bytes."""
    began, ended = (dt.datetime.fromisoformat(manifest[key]) for key in ("started", "finished"))
    rows = sum(table["rows"] or 0 for table in manifest["tables"])
    size = sum(file["bytes"] for file in manifest["files"])
    return Facts(
        f"{manifest['backup_id']}: {_counted(rows, 'row')} of {_counted(len(manifest['tables']), 'table')}, "
        f"{size:,} bytes in {_counted(len(manifest['files']), 'file')}, in {(ended - began).total_seconds():.1f} s"
    )


def of_drill(verdict: Mapping[str, Any] | None, *, last: Mapping[str, Any] | None) -> Facts:
    """Of a verdict: how long the recovery took; where no drill was due, of the last good one."""
    shown = verdict or last
    if shown is None:
        return Facts("none was due, and none was ever made", is_warning=True)
    parts = [shown[f"{part}_seconds"] for part in ("load", "analyze", "verify")]
    warnings = sum(finding["severity"] == "warning" for finding in shown["findings"])
    odd = f"; {_counted(warnings, 'warning')}" if warnings else ""
    proven = (
        f"{shown['backup_id']} is proven: recovery took {sum(parts):.1f} s, {_counted(shown['rows'], 'row')} "
        f"of {_counted(shown['tables'], 'table')} compared{odd}"
    )
    return Facts(proven if verdict else f"none was due; {proven}", is_warning=bool(verdict and warnings))


def of_checks(counts: Mapping[str, Any]) -> Facts:
    """Of what the task of the checks returns where no rule that is an error is broken."""
    odd = counts["failed"] + counts["could not evaluate"]
    holds = f"{_counted(counts['passed'], 'rule')} passed"
    return Facts(f"{holds}, {_counted(odd, 'warning')}" if odd else holds, is_warning=bool(odd))


def of_probes(counts: Mapping[str, Any]) -> Facts:
    """Of what the task of the probes returns where no operation has failed."""
    total, over, slower = counts["operations"], counts["over budget"], counts["slower"]
    within = f"{total - over - slower} of {_counted(total, 'operation')} within budget"
    odd = [f"{number} {what}" for number, what in ((over, "over it"), (slower, "slower than usual")) if number]
    return Facts(", ".join([within, *odd]), is_warning=counts["verdict"] != "ok")


def of_watch(log: Sequence[str]) -> Facts:
    """Of what the watch has logged: its first sentence about promises."""
    said = next((line for line in log if "promise" in line.lower()), "it has said nothing")
    return Facts(said, is_warning="not kept" in said)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
