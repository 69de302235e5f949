"""see_index: the short form of one target's bucket, or in words why there is none to show."""

from __future__ import annotations

from collections.abc import Callable

from dbops.domain.reasons import NotKnown
from dbops.domain.target import Target
from dbops.domain.target_index import TargetIndex
from dbops.gateways.bucket import Bucket
from dbops.gateways.target_indexes import read_index
from dbops.jobs.unseen import why_unseen


def see_index(target: Target, open_bucket: Callable[[Target], Bucket]) -> TargetIndex | NotKnown | str:
    """With one small read; NotKnown where none was written yet, a sentence where it cannot be read. Raises nothing."""
    try:
        index = read_index(open_bucket(target), target)
    except Exception as error:  # noqa: BLE001 - one target must not hide all the others
        return why_unseen(place_of(target), error)
    if index is None:
        return NotKnown(
            f"Nothing is known of {target.name} yet: s3://{target.storage.bucket}/{target.root}index.json is missing, "
            "or of another version. The next run of the DAG watch writes it; start one to have it now."
        )
    return index


def unanswered(target: Target) -> NotKnown:
    """What is known of a target whose store has not answered in time."""
    return NotKnown(f"{place_of(target)} did not answer in time. Look whether the store is slow, and load this again.")


def place_of(target: Target) -> str:
    """What cannot be shown, as a subject."""
    return f"The bucket of {target.name}, s3://{target.storage.bucket}/{target.root},"
