"""kept_databases: which databases that swaps have replaced are still there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from dbops.domain.restores.record import RestoreRecord
from dbops.domain.target import Target
from dbops.domain.watch.kept_databases import kept_problem, may_be_kept
from dbops.domain.watch.problem import Problem
from dbops.errors import DbopsError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.restores import all_restores, put_restore


def kept_databases(
    target: Target, bucket: Bucket, exists: Callable[[Target, str], bool], now: datetime
) -> list[Problem]:
    """A reminder of each; that one is gone is put on record, so that nobody asks again. Raises BucketError.

    ``exists`` asks the target's server; where it cannot be asked, the database counts as still there.
    """
    problems = []
    for record in all_restores(bucket, target):
        if not may_be_kept(record):
            continue
        if _is_gone(target, record, exists):
            put_restore(bucket, target, replace(record, old_gone=now))
        elif problem := kept_problem(record, now):
            problems.append(problem)
    return problems


def _is_gone(target: Target, record: RestoreRecord, exists: Callable[[Target, str], bool]) -> bool:
    try:
        return record.before is not None and not exists(target, record.before)
    except DbopsError:
        return False
