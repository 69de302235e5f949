"""Check runs in the bucket: what each found, and the data docs of the last ones."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from dbops.domain.backup import BackupId
from dbops.domain.check_run import CheckRun
from dbops.domain.layout import Layout
from dbops.domain.target import Target
from dbops.errors import ObjectMissing
from dbops.gateways.bucket import Bucket


def put_check_run(bucket: Bucket, target: Target, run: CheckRun) -> None:
    """Keep what a run found; raises BucketError."""
    bucket.put(Layout(target.root).check(run.check_id), run.to_json())


def read_check_runs(bucket: Bucket, target: Target, last: int) -> list[CheckRun]:
    """The last runs that can be read, oldest first; raises BucketError."""
    folder = Layout(target.root).checks
    names = [stored.key.removeprefix(folder).removesuffix(".json") for stored in bucket.list(folder)]
    runs: list[CheckRun] = []
    for name in sorted(filter(_is_time, names), reverse=True):
        try:
            run = CheckRun.from_json(bucket.get(Layout(target.root).check(name)))
        except (ObjectMissing, ValueError):
            continue
        if run.target == target.name:
            runs.append(run)
        if len(runs) == last:
            break
    return runs[::-1]


def newest_check(bucket: Bucket, target: Target) -> datetime | None:
    """When the last run began; None where there was none. Raises BucketError."""
    folder = Layout(target.root).checks
    names = [stored.key.removeprefix(folder).removesuffix(".json") for stored in bucket.list(folder)]
    return max((BackupId(name).time for name in names if _is_time(name)), default=None)


def put_docs(bucket: Bucket, target: Target, check_id: str, site: Path) -> str:
    """Upload data docs, forget the oldest beyond ``checks.keep_docs``, and give the place; raises BucketError."""
    layout = Layout(target.root)
    folder = f"{layout.docs}{check_id}/"
    for file in sorted(site.rglob("*")):
        if file.is_file():
            with file.open("rb") as body:
                bucket.put(f"{folder}{file.relative_to(site).as_posix()}", body)
    kept = sorted(filter(_is_time, bucket.folders(layout.docs)))
    for old in kept[: -target.checks.keep_docs]:
        for stored in list(bucket.list(f"{layout.docs}{old}/")):
            bucket.delete(stored.key)
    return f"s3://{bucket.name}/{folder}index.html"


def _is_time(name: str) -> bool:
    try:
        BackupId(name)
    except ValueError:
        return False
    return True
