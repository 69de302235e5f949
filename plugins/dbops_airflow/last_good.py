"""Last good: what people ask first where a backup has failed: which one is there, and when is the next?"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from dbops.domain.words.quantities import format_moment
from dbops.gateways.clock import utc_now
from dbops.jobs.error_in_words import error_in_words
from dbops_airflow import connections
from dbops_airflow.in_time import ends_in_time

if TYPE_CHECKING:
    from dbops.domain.target import Target
    from dbops.domain.target_index.target_index import TargetIndex

_log = logging.getLogger(__name__)

# What is told afterwards takes up to 17 s, and Airflow kills a failed task's process after 20.
_PATIENCE_SECONDS = 2.0


def last_good_facts(target: Target) -> Iterator[tuple[str, str]]:
    """Label and value; of what the store does not say in time, that it is not known. Raises nothing."""
    yield "Last good backup", _last_good(target)
    following = _next(target)
    if following is not None:
        yield "Next by schedule", format_moment(following)


def _last_good(target: Target) -> str:
    from dbops.domain.backups.retention import age_of

    index = _index_in_time(target)
    if index is None:
        return "not known: the store did not answer in time"
    good = [backup for backup in index.backups if backup.is_good]
    if not good:
        return "none"
    newest = max(good, key=lambda backup: backup.backup_id)
    proof = "proven" if newest.verified else "not proven yet"
    return f"{newest.backup_id}, {age_of(newest.backup_id, utc_now())} old, {proof}"


def _index_in_time(target: Target) -> TargetIndex | None:
    found: list[TargetIndex | None] = []
    # In a thread that nobody has to wait for: a role's or a secrets backend's time has no limit of its own.
    with suppress(RuntimeError):
        ends_in_time(lambda: found.append(_index(target)), _PATIENCE_SECONDS, "last good")
    return found[0] if found else None


def _index(target: Target) -> TargetIndex | None:
    from dbops.gateways.store.target_indexes import read_index

    try:
        return read_index(connections.open_bucket(target.hurried), target)
    except Exception as error:  # noqa: BLE001 - the failure itself is to be told, whatever this is
        _log.warning("The last good backup is not known: %s", error_in_words(error, "reading an index"))
        return None


def _next(target: Target) -> datetime | None:
    from dbops.domain.options.cron_runs import CronRuns

    schedule = target.schedule.backup
    return CronRuns(schedule, target.zone).first_after(utc_now()) if schedule else None
