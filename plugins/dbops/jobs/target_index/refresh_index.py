"""refresh_index: let the index of a target follow what a job has just changed in its bucket.

The index is a cache: that it could not be written is logged, and fails no job. The next watch writes it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from dbops.domain.checks.run import CheckRun
from dbops.domain.probes.run import ProbeRun
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedChecks, IndexedProbes, TargetIndex
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.target_indexes import build_index, read_index, update_index
from dbops.jobs.error_in_words import error_in_words

_log = logging.getLogger(__name__)


def refresh_index(target: Target, bucket: Bucket, clock: Callable[[], datetime]) -> str:
    """Build the index of all that the bucket has and write it; the answer is why it could not be, empty where it was.

    It reads every manifest: for what changes the backups, their verdicts or their holds.
    """
    return _written(target, bucket, lambda: build_index(bucket, target, clock()))


def refresh_checks(target: Target, bucket: Bucket, run: CheckRun, clock: Callable[[], datetime]) -> str:
    """The same after a run of the checks: only their section is put into the index that is there."""
    return _written(target, bucket, lambda: replace(_present(target, bucket, clock), checks=IndexedChecks.of(run)))


def refresh_probes(target: Target, bucket: Bucket, run: ProbeRun, clock: Callable[[], datetime]) -> str:
    """The same after a run of the probes."""
    return _written(target, bucket, lambda: replace(_present(target, bucket, clock), probes=IndexedProbes.of(run)))


def refresh_rehearsal(target: Target, bucket: Bucket, made: Rehearsal, clock: Callable[[], datetime]) -> str:
    """The same after a restore was rehearsed."""
    return _written(target, bucket, lambda: replace(_present(target, bucket, clock), rehearsal=made))


def _present(target: Target, bucket: Bucket, clock: Callable[[], datetime]) -> TargetIndex:
    # Checks and probes change nothing about the backups, of which there may be thousands, each with a manifest to read.
    # ``written`` stays as it is: it says when these were last looked at.
    return read_index(bucket, target) or build_index(bucket, target, clock())


def _written(target: Target, bucket: Bucket, build: Callable[[], TargetIndex]) -> str:
    try:
        update_index(bucket, target, build())
    except Exception as error:  # noqa: BLE001 - what the job has done is done, whatever becomes of a cache
        why = f"The index of {target.name} could not be written: {error_in_words(error, 'the index was made')}"
        _log.warning("%s", why)
        return why
    return ""
