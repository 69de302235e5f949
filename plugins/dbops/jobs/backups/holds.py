"""holds: keep a backup whatever the retention policy says, and let it go again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.target import Target
from dbops.errors import InvalidRequest, ObjectMissing, ObjectRefused
from dbops.gateways.clock import utc_now
from dbops.gateways.store.bucket import Bucket, find_listed
from dbops.jobs.target_index.refresh_index import refresh_index


def hold(
    target: Target,
    bucket: Bucket,
    backup_id: BackupId,
    *,
    until: datetime | None,
    reason: str,
    by: str,
    clock: Callable[[], datetime] = utc_now,
) -> Hold:
    """Let no expire delete that backup until then (None: until it is released); a hold it already has is replaced.

    Raises InvalidRequest where there is no such backup, no reason, no name, or the end has passed.
    """
    layout = Layout(target.root)
    wanted = Hold(backup_id, until, reason.strip(), by.strip())
    if not wanted.reason or not wanted.by:
        raise InvalidRequest(
            "A hold needs a reason and the name of who asks for it.", "Give both: somebody will want to know in a year."
        )
    if not wanted.is_active(clock()):
        raise InvalidRequest(
            f"A hold until {until} would hold nothing: that time is in the past.", "Name a time in the future."
        )
    # Held first and looked for second: an expire takes the manifest away, looks at the holds once more, and puts it
    # back where there is one. So it sees the hold, or we see that it came too late.
    bucket.put(layout.hold(backup_id), wanted.to_json())
    if find_listed(bucket, layout.manifest(backup_id)) is None:
        bucket.delete(layout.hold(backup_id))
        raise InvalidRequest(
            f"There is no backup {backup_id} of {target.name}.", f"`python -m dbops backups {target.name}` lists them."
        )
    refresh_index(target, bucket, clock)
    return wanted


def release(target: Target, bucket: Bucket, backup_id: BackupId, *, clock: Callable[[], datetime] = utc_now) -> None:
    """Take the hold of that backup away; raises InvalidRequest where it has none."""
    key = Layout(target.root).hold(backup_id)
    if find_listed(bucket, key) is None:
        raise InvalidRequest(
            f"The backup {backup_id} of {target.name} is not held.",
            f"`python -m dbops backups {target.name}` shows what is held.",
        )
    bucket.delete(key)
    refresh_index(target, bucket, clock)


def why_held(bucket: Bucket, layout: Layout, backup_id: BackupId, now: datetime) -> str | None:
    """The sentence of the hold on that backup as it is in the bucket right now; None where nothing holds it.

    A hold that cannot be read, that the store will not hand out, or that is for another backup, holds.
    """
    try:
        found = Hold.from_json(bucket.get(layout.hold(backup_id)))
    except ObjectMissing:
        return None
    except (ObjectRefused, ValueError):
        found = None
    if found is None or found.backup_id != backup_id:
        return f"held: {layout.hold(backup_id)} is not a hold that can be read, and counts as one without an end"
    return found.sentence() if found.is_active(now) else None
