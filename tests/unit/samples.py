"""Made-up targets, manifests, claims and buckets for unit tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dbops.domain.backups.backup import BackupId, BackupManifest, Claim, FileEntry, TableEntry
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.verification import Verification
from dbops.domain.checks.run import CheckRun
from dbops.domain.checks.suite import CheckResult
from dbops.domain.target import Target
from dbops.gateways.store.bucket import Bucket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def target(name: str = "shop", **settings: Any) -> Target:
    """A development target, so that nothing has to be allowed."""
    required: Mapping[str, Any] = {
        "name": name,
        "connection": name,
        "environment": "development",
        "storage": {"bucket": "vault", "prefix": "team"},
    }
    return Target.model_validate({**required, **settings})


def check_run(*results: CheckResult, started: datetime = NOW, of: str = "shop", **more: Any) -> CheckRun:
    """A nightly run that came to these results."""
    settings: dict[str, Any] = {"run": "test", "finished": started, "full": False, "rows": {}, "statements": 0, **more}
    return CheckRun(target=of, started=started, results=results, **settings)


def verification(
    backup_id: BackupId, *, finished: datetime = NOW, ok: bool = True, schema: str = "same", of: str = "shop"
) -> Verification:
    """The verdict of a drill that took three seconds."""
    return Verification(
        target=of,
        backup_id=backup_id,
        ok=ok,
        kind="drill",
        run="test",
        started=finished - timedelta(seconds=3),
        finished=finished,
        server_version="17.10",
        findings=(),
        tables=1,
        rows=500,
        bytes_downloaded=1000,
        load_seconds=1.0,
        analyze_seconds=1.0,
        verify_seconds=1.0,
        schema_fingerprint=schema,
    )


def manifest(
    backup_id: str | datetime,
    *,
    stored: int = 1000,
    rows: int = 500,
    finished: datetime | None = None,
    of: str = "shop",
) -> BackupManifest:
    """A manifest of one data file and one table."""
    identity = BackupId.at(backup_id) if isinstance(backup_id, datetime) else BackupId(backup_id)
    return BackupManifest(
        target=of,
        backup_id=identity,
        started=identity.time,
        finished=finished or identity.time + timedelta(minutes=5),
        server_version="17.10",
        pg_dump_version="17.10",
        pg_dump_options=("--format=directory",),
        database="shop",
        database_bytes=stored * 10,
        files=(FileEntry("toc.dat", 0, "0" * 64), FileEntry("3001.dat.zst", stored, "1" * 64)),
        tables=(TableEntry("public", "Order", rows, rows * 20),),
        extensions=("plpgsql",),
        tool_version="0.1.0",
    )


def claim(backup_id: BackupId, *, renewed: datetime | None = None) -> Claim:
    """A claim that was renewed when the backup began, unless told otherwise."""
    return Claim(
        target="shop",
        backup_id=backup_id,
        run="scheduled__1",
        host="worker-1",
        pid=4711,
        renewed=renewed or backup_id.time,
        tool_version="0.1.0",
    )


def store_backup(bucket: Bucket, place: Layout, backup: BackupManifest) -> None:
    """Put a whole backup into a bucket, in the order in which a real one is written."""
    backup_id = backup.backup_id
    bucket.put(place.started(backup_id), claim(backup_id).to_json())
    for file in backup.files:
        bucket.put(place.folder(backup_id) + file.name, b"x" * file.bytes)
    bucket.put(place.manifest(backup_id), backup.to_json())
