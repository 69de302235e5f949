from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.report import Report, Verdict
from tests.unit.samples import NOW


@dataclass(frozen=True, kw_only=True)
class TeaReport(Report):
    steeped: timedelta
    cups: frozenset[str] = frozenset({"b", "a"})
    found: dict[BackupId, tuple[str, ...]]
    zone: ZoneInfo

    @property
    def verdict(self) -> Verdict:
        return Verdict.WARNING


REPORT = TeaReport(
    job="tea",
    target="shop",
    started=NOW,
    finished=NOW + timedelta(minutes=3),
    steeped=timedelta(minutes=3),
    found={BackupId("20261122T020000Z"): ("süß",)},
    zone=ZoneInfo("UTC"),
)


def test_a_report_for_machines_is_one_json_document_with_iso_times_seconds_and_the_verdict() -> None:
    assert json.loads(REPORT.to_json()) == {
        "job": "tea",
        "target": "shop",
        "started": "2026-11-22T12:00:00+00:00",
        "finished": "2026-11-22T12:03:00+00:00",
        "steeped": 180.0,
        "cups": ["a", "b"],
        "found": {"20261122T020000Z": ["süß"]},
        "zone": "UTC",
        "verdict": "warning",
    }


def test_a_report_for_machines_keeps_the_words_of_other_languages_readable() -> None:
    assert "süß" in REPORT.to_json()


def test_a_report_is_ok_unless_its_kind_says_otherwise() -> None:
    assert Report(job="tea", target="shop", started=NOW, finished=NOW).verdict == Verdict.OK


def test_a_kind_of_report_without_a_text_for_people_is_noticed() -> None:
    with pytest.raises(NotImplementedError):
        REPORT.markdown()
