"""end_run: put on the record of a run that it ended with a no, and say what stays of it."""

from __future__ import annotations

from dbops.domain.restores.left_copy import may_be_left, way_on
from dbops.domain.target import Target
from dbops.domain.words.ended import Ended
from dbops.errors import ApprovalMissing, BucketError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_ends import note_end

NOTHING_DONE = "Nothing was done."
START_ANEW = "If you still want it, start a new run."


def end_run(
    refusal: ApprovalMissing, bucket: Bucket, target: Target, *, run: str, action: str, ended: Ended
) -> ApprovalMissing:
    """The refusal, to be raised. A no is a no also where its record cannot say so; the refusal does then."""
    try:
        record = note_end(bucket, target, run=run, action=action, ended=ended)
    except BucketError as error:
        refusal.what += f" The record of the run does not say so: {error.what}"
        return refusal
    if action == "swap" and record is not None and may_be_left(record):
        refusal.remedy = f"Nothing live was touched. {way_on(record)}"
    return refusal
