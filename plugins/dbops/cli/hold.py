"""The verb hold: keep one backup whatever the retention policy says, or let it go again."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from datetime import date, datetime, timedelta

from dbops.cli.screen import VerbResult, markdown
from dbops.domain.backups.backup import BackupId, read_backup_id
from dbops.domain.target import Target
from dbops.domain.words.quantities import parse_duration
from dbops.errors import InvalidRequest
from dbops.gateways.store.bucket import Bucket


def hold_verb(
    target: Target, bucket: Bucket, asked: Namespace, *, who: str, clock: Callable[[], datetime]
) -> VerbResult:
    """Hold a backup, or release it; raises InvalidRequest, and what the job raises."""
    from dbops.jobs.backups.holds import hold, release

    backup_id = read_backup_id(asked.backup_id)
    if asked.release:
        release(target, bucket, backup_id, clock=clock)
        return _done(f"{backup_id} of {target.name} is no longer held.", target, backup_id, held=False)
    until = _until(asked.until, target, clock())
    held = hold(
        target,
        bucket,
        backup_id,
        until=until,
        reason=asked.reason,
        by=who,
        clock=clock,
    )
    return _done(f"{backup_id} of {target.name} is {held.sentence()}", target, backup_id, held=True, until=until)


def _done(
    sentence: str, target: Target, backup_id: BackupId, *, held: bool, until: datetime | None = None
) -> VerbResult:
    document = {"target": target.name, "backup_id": backup_id, "held": held}
    if held:
        document["until"] = until.isoformat() if until else None
    return VerbResult(json.dumps(document), lambda: markdown(sentence))


def _until(text: str | None, target: Target, now: datetime) -> datetime | None:
    """The end of that day in the target's time zone, or a moment, or so long from now."""
    if text is None:
        return None
    try:
        return now + parse_duration(text)
    except ValueError:
        pass
    try:
        if len(text) == len("2027-06-30"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time(), target.zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(
            f'"{text}" is not a time until which a backup can be held.',
            "Write a date such as 2027-06-30, or a duration such as 90d or 12w.",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=target.zone)
