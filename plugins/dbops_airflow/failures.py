"""Failures: a DbopsError in Airflow's words, and back again for the alert."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dbops.domain.words.wrapping import wrapped
from dbops.errors import (
    ApprovalMissing,
    BackupUnusable,
    DbopsError,
    InvalidRequest,
    MigrationFailed,
    PlanChanged,
    SwapFailed,
)
from dbops_airflow.airflow_versions import AirflowException, AirflowFailException

log = logging.getLogger(__name__)

_WIDTH = 100  # characters: what Airflow's log shows beside its time and level on a laptop
_BEYOND_RETRYING = (InvalidRequest, ApprovalMissing, PlanChanged, BackupUnusable, SwapFailed, MigrationFailed)


class JobFailed(AirflowException):
    """A job could not be done; another attempt may succeed. ``reason`` has the two sentences."""

    def __init__(self, reason: DbopsError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class JobRefused(AirflowFailException):
    """The request itself is wrong: the same attempt again would end the same way, so that Airflow makes none."""

    def __init__(self, reason: DbopsError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@contextmanager
def told_to_airflow() -> Iterator[None]:
    """Translate a DbopsError.

    Beyond retrying are only a wrong request, a missing yes, a bad backup, a migration that has failed, which has used
    its yes up, and a swap that has: somebody has to stop a client first. What a preflight misses, people do put right.
    What caused it is dropped on purpose: a driver's own message may repeat a connection string or a row. Both sentences
    are logged before, in short lines: Airflow shows an exception as one line, however long, above its frames.
    """
    try:
        yield
    except _BEYOND_RETRYING as error:
        _log_in_short_lines(error)
        raise JobRefused(error) from None
    except DbopsError as error:
        _log_in_short_lines(error)
        raise JobFailed(error) from None


def _log_in_short_lines(error: DbopsError) -> None:
    said = [*error.what.splitlines(), *(f"What to do: {error.remedy}".splitlines() if error.remedy else ())]
    for paragraph in said:
        for line in wrapped(paragraph, _WIDTH).splitlines():
            log.error("%s", line)


def reason_of(error: object) -> DbopsError:
    """What to tell people about whatever ended a task. A foreign exception's own text stays in the log."""
    if isinstance(error, (JobFailed, JobRefused)):
        return error.reason
    if isinstance(error, DbopsError):
        return error
    return DbopsError(
        f"It ended with an error that dbops does not know: {type(error).__name__}.",
        "Read the task's log. If it looks like a bug in dbops, report it and attach the log.",
    )
