"""What a record says can be compared, added and shown, or the record is none of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.verification import Verification
from dbops.domain.probes.run import ProbeRun
from dbops.domain.target_index.target_index import TargetIndex
from tests.unit.page_samples import index
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.samples import NOW, manifest, verification

BACKUP = manifest(NOW)
SAMPLES: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "manifest": (BACKUP.to_json(), BackupManifest.from_json),
    "verification": (verification(BACKUP.backup_id).to_json(), Verification.from_json),
    "index": (index().to_json(), TargetIndex.from_json),
}


def changed(body: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(body), **fields}).encode()


ENDS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"]


@pytest.mark.parametrize("moment", ENDS)
@pytest.mark.parametrize(
    ("kind", "field"), [("manifest", "started"), ("verification", "finished"), ("index", "written")]
)
def test_a_time_at_the_end_of_the_calendar_is_refused(kind: str, field: str, moment: str) -> None:
    body, read = SAMPLES[kind]
    with pytest.raises(ValueError, match=r"Value error, it is too near the end of the calendar \["):
        read(changed(body, **{field: moment}))


@pytest.mark.parametrize(
    ("first", "last"),
    [("0002-01-01T00:00:00Z", "9990-01-01T00:00:00Z"), ("0002-01-01T01:00:00+01:00", "9990-01-01T00:00:00")],
)
def test_the_first_and_the_last_moment_of_the_calendar_can_be_told(first: str, last: str) -> None:
    body, read = SAMPLES["verification"]
    found = read(changed(body, started=first, finished=last))
    assert (found.started, found.finished) == (datetime(2, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC))
    for before, after in (("0001-12-31T23:59:59Z", last), (first, "9990-01-01T00:00:01Z")):
        with pytest.raises(ValueError, match="end of the calendar"):
            read(changed(body, started=before, finished=after))


def test_a_time_without_a_zone_means_utc() -> None:
    body, _ = SAMPLES["manifest"]
    read = BackupManifest.from_json(changed(body, started=NOW.replace(tzinfo=None).isoformat()))
    assert asdict(read) == asdict(BACKUP)


@pytest.mark.parametrize("number", [-1, 2**63, 10**400])
@pytest.mark.parametrize(("kind", "field"), [("manifest", "database_bytes"), ("verification", "rows")])
def test_a_number_that_nobody_has_counted_is_refused(kind: str, field: str, number: int) -> None:
    body, read = SAMPLES[kind]
    with pytest.raises(ValueError, match=field):
        read(changed(body, **{field: number}))


@pytest.mark.parametrize("number", [-1.0, float("nan"), float("inf"), 1e300])
def test_a_number_that_nobody_has_measured_is_refused(number: float) -> None:
    body, read = SAMPLES["verification"]
    with pytest.raises(ValueError, match="load_seconds"):
        read(changed(body, load_seconds=number))


@pytest.mark.parametrize("until", ENDS[:2])
def test_a_hold_until_a_time_that_is_none_in_utc_is_none_that_can_be_read(until: str) -> None:
    hold = Hold(BACKUP.backup_id, None, "audit", "alice")
    with pytest.raises(ValueError, match="end of the calendar"):
        Hold.from_json(changed(hold.to_json(), until=until))


def test_a_hold_to_the_last_day_of_the_calendar_holds() -> None:
    hold = Hold(BACKUP.backup_id, None, "audit", "alice")
    held = Hold.from_json(changed(hold.to_json(), until="9999-12-31"))
    assert held.is_active(NOW)
    assert "9999-12-31" in held.sentence()


def test_an_operation_whose_budget_is_nothing_is_refused() -> None:
    document = json.loads(probe_run(probe_result()).to_json())
    document["results"][0]["budget_ms"] = 0
    with pytest.raises(ValueError, match="budget_ms"):
        ProbeRun.from_json(json.dumps(document).encode())


def test_a_run_of_the_probes_is_read_back_equal_and_called_by_when_it_was_started() -> None:
    run = probe_run(probe_result())
    assert ProbeRun.from_json(run.to_json()) == run
    assert run.probe_id == "20261122T120000Z"
