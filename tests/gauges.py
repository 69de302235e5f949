"""A target of which everything was measured, and a watch that has looked at it: together every gauge that there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dbops.domain.backups.backup import BackupId
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.target_index.target_index import (
    IndexedBackup,
    IndexedChecks,
    IndexedProbes,
    IndexedProof,
    TargetIndex,
)
from dbops.domain.watch.gauges import Gauge, probe_gauges, target_gauges, watch_gauges
from dbops.domain.watch.report import WatchReport
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.samples import target

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
_ID = BackupId.at(NOW)
SHOP = target("shop")
BACKUP = IndexedBackup(
    backup_id=_ID,
    finished=NOW + timedelta(minutes=5),
    rows=3000,
    tables=2,
    stored_bytes=1_000_000,
    database_bytes=9_000_000,
)
PROOF = IndexedProof(backup_id=_ID, ok=True, kind="drill", finished=NOW + timedelta(hours=3), recovery_seconds=120.5)
REHEARSAL = Rehearsal(
    target="shop",
    planned=NOW + timedelta(hours=5),
    refusals=("The role may not create databases.", "No member."),
)
INDEX = TargetIndex(
    target="shop",
    written=NOW + timedelta(hours=6),
    backups=(BACKUP,),
    last_proof=PROOF,
    last_verdict=PROOF,
    rehearsal=REHEARSAL,
    checks=IndexedChecks(
        check_id=_ID, finished=NOW, full=False, passed=40, failed=2, unknown=1, warnings=3, worst=(), docs=""
    ),
    probes=IndexedProbes(probe_id=_ID, finished=NOW, total=16, well=14, p95=3.0, slowest="", worst=(), page=""),
)
RUN = probe_run(probe_result("list_newest", 12.0, budget_ms=50.0), probe_result("user_by_id", latency=None))
REPORT = WatchReport(started=NOW, finished=NOW, targets=1, problems=(), due=(), recovered=(), memory={})


def every_gauge() -> list[Gauge]:
    """One target's, its operations', and the watch's."""
    return [*target_gauges(SHOP, INDEX), *probe_gauges(SHOP, RUN), *watch_gauges(REPORT, ["shop"])]
