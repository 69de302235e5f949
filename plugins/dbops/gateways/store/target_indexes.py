"""Target indexes: the short form of all that a bucket says of a target, left behind in it for pages and people."""

from __future__ import annotations

from datetime import datetime

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.target_index.newer import newer_index
from dbops.domain.target_index.target_index import TargetIndex
from dbops.errors import ObjectMissing
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.check_runs import newest_check
from dbops.gateways.store.probe_runs import newest_probe
from dbops.gateways.store.rehearsals import read_rehearsal
from dbops.gateways.store.working_holds import working_holds


def build_index(bucket: Bucket, target: Target, now: datetime) -> TargetIndex:
    """The index at ``now``, from the objects themselves and never from the present index; raises BucketError.

    Where the newest run of the checks or probes cannot be read, the one before it stands, and a sentence says so.
    """
    catalog = read_catalog(bucket, target)
    (checks, bad_checks), (probes, bad_probes) = newest_check(bucket, target), newest_probe(bucket, target)
    unreadable = [
        f"s3://{bucket.name}/{key} is not a run of the {what} that this version can read."
        for key, what in ((bad_checks, "checks"), (bad_probes, "probes"))
        if key
    ]
    return TargetIndex.of(
        catalog,
        now,
        checks=checks,
        probes=probes,
        unreadable=unreadable,
        working_holds=working_holds(bucket, target, now),
        rehearsal=read_rehearsal(bucket, target),
    )


def write_index(bucket: Bucket, target: Target, index: TargetIndex) -> None:
    """Write it to ``Layout.index``, whatever is there; raises BucketError."""
    bucket.put(Layout(target.root).index, index.to_json())


def update_index(bucket: Bucket, target: Target, index: TargetIndex) -> None:
    """Write it without undoing what somebody has told there since it was built.

    Nobody locks it: of two that write in the same moment the last one wins, and the next watch heals it. Raises
    BucketError.
    """
    present = read_index(bucket, target)
    write_index(bucket, target, newer_index(index, present) if present else index)


def read_index(bucket: Bucket, target: Target) -> TargetIndex | None:
    """The index that was last written; None where there is none, or one of another format. Raises BucketError.

    Good enough to be shown and judged, never to delete or to restore by.
    """
    try:
        index = TargetIndex.from_json(bucket.get(Layout(target.root).index))
    except (ObjectMissing, ValueError):
        return None
    return index if index.target == target.name else None
