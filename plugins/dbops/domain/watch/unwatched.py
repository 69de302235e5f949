"""Unwatched: nobody looked lately, so that what is shown may be over, and what did not happen goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.dag_state import DagState
from dbops.domain.watch.light import Sign
from dbops.domain.watch.problem import ProblemKind
from dbops.domain.words.quantities import format_duration, format_moment

# The watch runs every hour: two that are left out are no accident.
_HOURS = timedelta(hours=3)
_A_DAY = timedelta(days=1)

WhatToSay = tuple[ProblemKind | Sign, str]
"""A problem or sign, and its sentence."""


def unwatched(target: Target, index: TargetIndex | None, watch: DagState | None, now: datetime) -> Iterator[WhatToSay]:
    """What the age of the index and the DAG of the watch tell, each thing once; None of them is not known.

    The index alone tells too little: every backup, drill and hold writes it too.
    """
    unseen = now - index.written if index else timedelta(0)
    if unseen > _HOURS:
        yield (
            Sign.UNSEEN_FOR_A_DAY if unseen > _A_DAY else Sign.UNSEEN_FOR_HOURS,
            f"What is shown of {target.name} was read {format_duration(unseen)} ago, and the watch reads it "
            "every hour. Check whether the DAG watch is paused or fails.",
        )
    if watch is not None:
        yield from _of_the_watch(watch, now, unseen)


def _of_the_watch(watch: DagState, now: datetime, unseen: timedelta) -> Iterator[WhatToSay]:
    silent = now - watch.last_end if watch.last_end else timedelta(0)
    if watch.is_paused:
        yield (
            ProblemKind.PAUSED,
            f"{watch.dag_id} is paused in Airflow: missing backups, checks and probes go unnoticed. "
            "Unpause it on its page in Airflow.",
        )
    if silent > _A_DAY:
        if unseen <= _A_DAY:
            yield _silence(Sign.WATCH_SILENT_FOR_A_DAY, silent)
    elif watch.last_state == "failed":
        ended = "" if watch.last_end is None else f", at {format_moment(watch.last_end)}"
        yield (
            Sign.WATCH_FAILED,
            f"The last run of {watch.dag_id} failed{ended}: it is possible that nobody was mailed what it found. "
            "Look at its log in Airflow.",
        )
    elif silent > _HOURS and unseen <= _HOURS and not watch.is_paused:
        yield _silence(Sign.WATCH_SILENT_FOR_HOURS, silent)


def _silence(what: Sign, silent: timedelta) -> WhatToSay:
    return (
        what,
        f"The watch last ended {format_duration(silent)} ago, and should run every hour: missing backups, checks and "
        "probes go unnoticed. Look at the runs of the DAG watch: are there any, do they fail, is it paused?",
    )
