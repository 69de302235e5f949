from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.backups.backup import BackupId
from demo.facts import Facts, of_backup, of_checks, of_drill, of_probes, of_watch
from tests.unit.samples import manifest, verification

ID = BackupId("20261122T020000Z")


def verdict(*, warnings: int = 0) -> dict[str, Any]:
    proof = verification(ID)
    for _ in range(warnings):
        proof = proof.with_warning("odd")
    found: dict[str, Any] = json.loads(proof.to_json())
    return found


def test_a_backup_is_told_with_its_rows_and_bytes() -> None:
    kept = manifest(ID, rows=64219, stored=12_621_340, finished=ID.time + timedelta(seconds=12.5))

    told = of_backup(json.loads(kept.to_json()))

    assert told == Facts(f"{ID}: 64,219 rows of 1 table, 12,621,340 bytes in 2 files, in 12.5 s")


def test_a_drill_is_told_with_how_long_a_recovery_takes() -> None:
    told = of_drill(verdict(), last=None)

    assert told == Facts(f"{ID} is proven: recovery took 3.0 s, 500 rows of 1 table compared")


def test_a_drill_that_was_not_due_is_told_with_the_last_proof() -> None:
    told = of_drill(None, last=verdict(warnings=1))

    assert told.sentence.startswith("none was due; 20261122T020000Z is proven: recovery took 3.0 s")
    assert not told.is_warning
    assert of_drill(None, last=None).is_warning


def test_a_warning_of_a_drill_is_one() -> None:
    told = of_drill(verdict(warnings=1), last=None)

    assert told.is_warning
    assert told.sentence.endswith("; 1 warning")


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"passed": 137, "failed": 0, "could not evaluate": 0}, Facts("137 rules passed")),
        (
            {"passed": 1, "failed": 2, "could not evaluate": 1},
            Facts("1 rule passed, 3 warnings", is_warning=True),
        ),
    ],
)
def test_checks_are_told_with_the_rules_that_passed_and_the_warnings(counts: dict[str, int], told: Facts) -> None:
    assert of_checks(counts) == told


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (
            {"verdict": "ok", "operations": 16, "failed": 0, "slower": 0, "over budget": 0},
            Facts("16 of 16 operations within budget"),
        ),
        (
            {"verdict": "warning", "operations": 16, "failed": 0, "slower": 1, "over budget": 2},
            Facts("13 of 16 operations within budget, 2 over it, 1 slower than usual", is_warning=True),
        ),
    ],
)
def test_probes_are_told_with_the_operations_within_their_budget(counts: dict[str, Any], told: Facts) -> None:
    assert of_probes(counts) == told


def test_the_watch_is_told_as_it_has_said_it() -> None:
    assert of_watch(["Starting", "Every promise of 1 target is kept."]) == Facts("Every promise of 1 target is kept.")
    assert of_watch(["2 promises are not kept, watching 1 target."]).is_warning
    assert of_watch([]) == Facts("it has said nothing")
