"""Run ends: that a run has ended before its act, noted on the record that it keeps of its restore or migration.

So its backup is held no longer, and people see what became of it.
"""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.target import Target
from dbops.domain.words.ended import Ended
from dbops.errors import InvalidRequest
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.migration_records import find_migration, put_migration
from dbops.gateways.store.restores import find_restore, put_restore


def note_end(bucket: Bucket, target: Target, *, run: str, action: str, ended: Ended | None) -> RestoreRecord | None:
    """Note why that run ended before the ``action``, None: that it goes on; raises BucketError.

    Gives the record of its restore as it is then. None where the run keeps none that can be read, or where what was
    asked for has been done.
    """
    try:
        if action == "migrate":
            _note_migration(bucket, target, run, ended)
            return None
        record = find_restore(bucket, target, run)
    except InvalidRequest:  # no step of it goes on either
        return None
    if record is None or record.state is RestoreState.SWAPPED:
        return None
    return record if record.ended == ended else put_restore(bucket, target, replace(record, ended=ended))


def _note_migration(bucket: Bucket, target: Target, run: str, ended: Ended | None) -> None:
    record = find_migration(bucket, target, run)
    if record is not None and not record.is_begun and record.ended != ended:
        put_migration(bucket, target, replace(record, ended=ended))
