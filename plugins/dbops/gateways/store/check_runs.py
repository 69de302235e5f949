"""Check runs in the bucket: what each found, and the data docs of the last ones."""

from __future__ import annotations

from pathlib import Path

from dbops.domain.backups.layout import Layout
from dbops.domain.checks.run import CheckRun
from dbops.domain.target import Target
from dbops.domain.words.start_id import StartId
from dbops.gateways.at_once import for_each
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_folder import forget_oldest, newest_run, read_run, read_runs


def put_check_run(bucket: Bucket, target: Target, run: CheckRun) -> None:
    """Keep what a run found; raises BucketError."""
    bucket.put(Layout(target.root).check(run.check_id), run.to_json())


def read_check_run(bucket: Bucket, target: Target, check_id: StartId) -> CheckRun:
    """One run; raises BucketError, ObjectMissing among them, and ValueError where it is no run of the target."""
    return read_run(bucket, Layout(target.root).check(check_id), CheckRun.from_json, target=target.name)


def read_check_runs(bucket: Bucket, target: Target, last: int) -> list[CheckRun]:
    """The last runs that can be read, oldest first; raises BucketError."""
    return read_runs(bucket, Layout(target.root).checks, CheckRun.from_json, target=target.name, last=last)


def newest_check(bucket: Bucket, target: Target) -> tuple[CheckRun | None, str]:
    """The newest run that can be read, and the key of a newer one that cannot, else empty; raises BucketError."""
    return newest_run(bucket, Layout(target.root).checks, CheckRun.from_json, target=target.name)


def put_docs(bucket: Bucket, target: Target, check_id: str, site: Path) -> str:
    """Upload data docs, forget the oldest beyond ``checks.keep_docs``, and give the place; raises BucketError."""
    layout, threads = Layout(target.root), target.storage.parallelism
    folder, index = f"{layout.docs}{check_id}/", site / "index.html"

    def send(file: Path) -> None:
        with file.open("rb") as body:
            bucket.put(f"{folder}{file.relative_to(site).as_posix()}", body)

    # Two pages for each table, and a store may take a twentieth of a second for each.
    for_each([file for file in sorted(site.rglob("*")) if file.is_file() and file != index], send, threads)
    send(index)  # last: what it leads to is there
    forget_oldest(bucket, layout.docs, keep=target.checks.keep_docs, threads=threads)
    return f"s3://{bucket.name}/{folder}index.html"
