"""Impatience: a store that is asked while a person waits, or a process that is about to be ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbops.domain.backups.storage import S3Options
    from dbops.domain.target import Target

# Somebody waits, who would rather read that the store does not answer; a backup has all night. All attempts and the
# pause between them end before the page stops waiting: then a store that hangs has failed, and is not merely slow.
_CONNECT = timedelta(seconds=2)
_READ = timedelta(seconds=3)
_ATTEMPTS = 2


def impatient(target: Target) -> Target:
    """The same target, of whose store no answer is waited for longer than for seconds."""
    s3: S3Options = target.storage.s3
    hurried = s3.model_copy(
        update={
            "connect_timeout": min(s3.connect_timeout, _CONNECT),
            "read_timeout": min(s3.read_timeout, _READ),
            "attempts": min(s3.attempts, _ATTEMPTS),
        }
    )
    return target.model_copy(update={"storage": target.storage.model_copy(update={"s3": hurried})})
