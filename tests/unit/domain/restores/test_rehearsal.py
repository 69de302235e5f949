"""A rehearsal says whether a restore would be allowed, is made daily, and is patient with what may pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.restores.rehearsal import Rehearsal, is_due, rehearsal_sentence
from tests.unit.restores import BACKUP, rehearsal
from tests.unit.samples import DAY, NOW

HOUR = timedelta(hours=1)
REFUSED: dict[str, Any] = {"refusals": ("The role dbops may not.",)}
UNKNOWN: dict[str, Any] = {"backup_id": None, "role": None, "unknown": "No answer.", "unknown_since": NOW}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, f"A restore of shop: ready, planned 2026-11-22 12:00 UTC with backup {BACKUP} as the role dbops_restore."),
        (
            REFUSED,
            f"A restore of shop would be refused, planned 2026-11-22 12:00 UTC with backup {BACKUP} as the role "
            "dbops_restore.",
        ),
        (
            {**REFUSED, "backup_id": None, "role": None},
            "A restore of shop would be refused, planned 2026-11-22 12:00 UTC.",
        ),
        (
            UNKNOWN,
            "It is not known whether a restore of shop would be allowed, planned 2026-11-22 12:00 UTC: No answer.",
        ),
    ],
)
def test_one_sentence_says_what_it_came_to(told: dict[str, Any], said: str) -> None:
    assert rehearsal_sentence("shop", rehearsal(**told)) == said


def test_that_none_was_made_is_said_and_so_is_why_none_is() -> None:
    assert rehearsal_sentence("shop", None).endswith(
        "It is not known whether a restore of shop would be allowed: none has been rehearsed yet."
    )
    told = rehearsal_sentence("shop", rehearsal(), is_elsewhere=True)
    assert told == "A restore of shop is not rehearsed: its file has allow: [restored_elsewhere]."


@pytest.mark.parametrize(("told", "again"), [({}, DAY), (REFUSED, HOUR), (UNKNOWN, HOUR)])
def test_what_is_ready_is_asked_again_the_next_day_and_what_is_not_in_the_next_hour(
    told: dict[str, Any], again: timedelta
) -> None:
    last = rehearsal(**told)
    assert not is_due(last, NOW)
    assert not is_due(last, NOW + again * 0.8)
    assert is_due(last, NOW + again - timedelta(minutes=5))


def test_one_that_was_never_made_or_was_made_by_a_wrong_clock_is_due() -> None:
    assert is_due(None, NOW)
    assert is_due(rehearsal(), NOW - timedelta(seconds=1))


def test_a_refusal_lasts_and_that_nobody_answers_lasts_after_three_hours() -> None:
    assert not rehearsal().is_lasting
    assert rehearsal(**REFUSED).is_lasting
    assert not rehearsal(**UNKNOWN, planned=NOW + 3 * HOUR - timedelta(seconds=1)).is_lasting
    assert rehearsal(**UNKNOWN, planned=NOW + 3 * HOUR).is_lasting
    assert [rehearsal(**told).is_ready for told in ({}, REFUSED, UNKNOWN)] == [True, False, False]


@pytest.mark.parametrize("told", [{}, REFUSED, UNKNOWN])
def test_what_is_written_is_read_back_equal_and_what_a_later_version_adds_is_passed_over(told: dict[str, Any]) -> None:
    body = rehearsal(**told).to_json()
    assert Rehearsal.from_json(body) == rehearsal(**told)
    assert Rehearsal.from_json(body.replace(b"{", b'{"later": 1,', 1)) == rehearsal(**told)
    with pytest.raises(ValueError, match="format"):
        Rehearsal.from_json(body.replace(b'"format": 1', b'"format": 2'))
