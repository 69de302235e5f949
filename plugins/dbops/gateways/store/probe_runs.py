"""Probe runs in the bucket: what each measured, and the pages of the last ones."""

from __future__ import annotations

from collections.abc import Mapping

from dbops.domain.backups.layout import Layout
from dbops.domain.probes.run import ProbeRun
from dbops.domain.target import Target
from dbops.domain.words.start_id import StartId
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_folder import forget_oldest, newest_run, read_runs


def put_probe_run(bucket: Bucket, target: Target, run: ProbeRun) -> None:
    """Keep what a run measured; raises BucketError."""
    bucket.put(Layout(target.root).probe(run.probe_id), run.to_json())


def read_probe_runs(bucket: Bucket, target: Target, last: int) -> list[ProbeRun]:
    """The last runs that can be read, oldest first; raises BucketError."""
    return read_runs(bucket, Layout(target.root).probes, ProbeRun.from_json, target=target.name, last=last)


def newest_probe(bucket: Bucket, target: Target) -> tuple[ProbeRun | None, str]:
    """The newest run that can be read, and the key of a newer one that cannot, else empty; raises BucketError."""
    return newest_run(bucket, Layout(target.root).probes, ProbeRun.from_json, target=target.name)


OVERVIEW = "overview"
"""The picture of a page that its mail shows too."""
_PAGE = "index.html"


def read_picture(bucket: Bucket, target: Target, probe_id: str) -> bytes:
    """The overview of a run whose page was kept, a PNG; raises BucketError."""
    return bucket.get(f"{Layout(target.root).probe_page(probe_id)}{OVERVIEW}.png")


def read_page(bucket: Bucket, target: Target, probe_id: StartId) -> bytes:
    """The page of a run, HTML in UTF-8; raises BucketError, ObjectMissing where none was kept or it was forgotten."""
    return bucket.get(f"{Layout(target.root).probe_page(probe_id)}{_PAGE}")


def put_page(
    bucket: Bucket,
    target: Target,
    probe_id: str,
    page: bytes,
    *,
    pictures: Mapping[str, bytes],
    migrations: Mapping[str, bytes],
) -> str:
    """Upload a run's page, forget the oldest beyond ``probes.keep_reports``, and give the place; raises BucketError.

    ``pictures`` are PNGs by their names, beside the page, OVERVIEW among them; ``migrations`` the files of what is
    proposed, by their paths below ``migrations/``.
    """
    layout = Layout(target.root)
    folder = layout.probe_page(probe_id)
    for name, picture in sorted(pictures.items()):
        bucket.put(f"{folder}{name}.png", picture)
    for path, text in sorted(migrations.items()):
        bucket.put(f"{layout.probe_migrations(probe_id)}{path}", text)
    bucket.put(f"{folder}{_PAGE}", page)  # last: a page that is there shows its pictures
    forget_oldest(bucket, layout.probes, keep=target.probes.keep_reports, threads=target.storage.parallelism)
    return f"s3://{bucket.name}/{folder}{_PAGE}"
