"""Promise: an expire's report counts what went and what stayed, and lists each backup with its reasons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.expire_report import ExpireReport
from dbops.domain.report import Verdict
from tests.unit.samples import NOW

OLD, NEW, LEFT = (BackupId.at(NOW - timedelta(days=days)) for days in (9, 1, 3))


def report(**more: Any) -> ExpireReport:
    given: dict[str, Any] = {
        "kept": {NEW: ("newest", "daily")},
        "expired": {OLD: ("no rule keeps it",)},
        "swept": {LEFT: ("never finished",)},
        "aborted_uploads": ("a", "b"),
        "objects": 1_200,
        "freed_bytes": 2048,
        "dry_run": False,
        **more,
    }
    return ExpireReport(target="shop", started=NOW, finished=NOW, **given)


def test_what_was_done_is_told_in_a_sentence_and_what_would_be_as_that() -> None:
    done = "1 backup of shop, kept 1, swept 1 leftover and 2 unfinished uploads: 1,200 objects, 2.0 KiB."
    assert report().summary() == f"Expired {done}"
    assert report(dry_run=True).summary() == f"Would expire {done}"


def test_each_backup_is_a_row_with_its_reasons_the_newest_first() -> None:
    assert report().markdown().splitlines()[2] == "| backup | age | verdict | reasons |"
    rows = report().markdown().splitlines()[4:]
    assert rows == [
        f"| {NEW} | 1d | keep | newest; daily |",
        f"| {LEFT} | 3d | sweep | never finished |",
        f"| {OLD} | 9d | expire | no rule keeps it |",
    ]


def test_where_there_is_no_backup_there_is_no_table() -> None:
    nothing = report(kept={}, expired={}, swept={})
    assert nothing.markdown() == nothing.summary()


def test_what_was_left_alone_because_nobody_understands_it_is_a_warning() -> None:
    odd = report(warnings=("a cannot be read.", "b cannot be read."))
    assert (odd.verdict, report().verdict) == (Verdict.WARNING, Verdict.OK)
    assert odd.summary().splitlines()[1:] == ["- a cannot be read.", "- b cannot be read."]
