"""kept_databases: which databases that restores have left behind are still there: replaced ones, and loaded ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from dbops.domain.restores.left_copy import left_copies
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.target import Target
from dbops.domain.watch.kept_databases import kept_problem, may_be_kept
from dbops.domain.watch.left_copies import left_problem
from dbops.domain.watch.problem import Problem
from dbops.errors import DbopsError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.restores import dated_restores, put_restore

_Exists = Callable[[Target, str], bool]


def kept_databases(target: Target, bucket: Bucket, exists: _Exists, now: datetime) -> list[Problem]:
    """A reminder of each; that one is gone is put on record, so that nobody asks again. Raises BucketError.

    ``exists`` asks the target's server; where it cannot be asked, the database counts as still there.
    """
    dated = [(written, record) for written, record in dated_restores(bucket, target) if record.target == target.name]
    replaced = _replaced(target, bucket, (record for _, record in dated), exists, now)
    return [problem for problem in (*replaced, *_left(target, bucket, dated, exists, now)) if problem is not None]


def _replaced(
    target: Target, bucket: Bucket, records: Iterable[RestoreRecord], exists: _Exists, now: datetime
) -> Iterator[Problem | None]:
    for record in records:
        if not may_be_kept(record):
            continue
        if _is_gone(target, record.before, exists):
            put_restore(bucket, target, replace(record, old_gone=now))
        else:
            yield kept_problem(record, now)


def _left(
    target: Target, bucket: Bucket, dated: Iterable[tuple[datetime, RestoreRecord]], exists: _Exists, now: datetime
) -> Iterator[Problem | None]:
    for left in left_copies(dated, target.approvals.wait, now):
        if not _is_gone(target, left.database, exists):
            yield left_problem(left, now)
            continue
        for record in left.to_be_noted:
            put_restore(bucket, target, replace(record, copy_gone=now))


def _is_gone(target: Target, database: str | None, exists: _Exists) -> bool:
    try:
        return database is not None and not exists(target, database)
    except DbopsError:
        return False
