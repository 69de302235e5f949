"""Light: how soon somebody has to look at a target, and the one table that says what is how bad.

docs/lights.md is the public copy of this table; change both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from dbops.domain.watch.problem import ProblemKind


class Light(StrEnum):
    """The worst first. What nobody knows comes before what is safe: silence is no proof."""

    RED = "act now"
    AMBER = "look"
    GREY = "not known"
    GREEN = "safe"


class Sign(StrEnum):
    """What tells of a target beside its promises, and beside that all is well."""

    DRILL_FAILED = "last drill or restore showed a backup to be unusable"
    CHECKS_FAILED = "rules are broken, or could not be evaluated"
    RUN_FAILED = "last run of backup, check or drill failed"
    UNSEEN_FOR_A_DAY = "the bucket was not looked at for a day"
    WATCH_SILENT_FOR_A_DAY = "the watch has not run for a day"
    NOTHING_PROMISED = "there is no good backup, and none is promised"
    PROBE_RUN_FAILED = "last run of the probes failed"
    PROBES_UNWELL = "operations are slow or do not work"
    RULES_WARN = "rules warn"
    UNSEEN_FOR_HOURS = "the bucket was not looked at for three hours"
    WATCH_FAILED = "last run of the watch failed"
    WATCH_SILENT_FOR_HOURS = "the watch has not run for three hours"
    FIRST_BACKUP = "first backup is on its way"
    NOT_SEEN = "the bucket was not looked at yet"
    WELL = "nothing is wrong"


LIGHTS: Mapping[ProblemKind | Sign, Light] = {
    # It cannot be restored, or nobody knows.
    ProblemKind.NO_BACKUP: Light.RED,
    ProblemKind.UNREACHABLE: Light.RED,
    ProblemKind.FAULT: Light.RED,
    ProblemKind.LATE: Light.RED,
    ProblemKind.NOT_GOOD: Light.RED,
    Sign.DRILL_FAILED: Light.RED,
    ProblemKind.NOT_DRILLED: Light.RED,
    Sign.CHECKS_FAILED: Light.RED,
    Sign.RUN_FAILED: Light.RED,
    Sign.UNSEEN_FOR_A_DAY: Light.RED,
    Sign.WATCH_SILENT_FOR_A_DAY: Light.RED,
    # It can, and something will go wrong if nobody looks.
    Sign.NOTHING_PROMISED: Light.AMBER,
    ProblemKind.SAME_DATABASE: Light.AMBER,
    ProblemKind.RESTORE_REFUSED: Light.AMBER,
    ProblemKind.NO_FILE: Light.AMBER,
    ProblemKind.SHRUNK: Light.AMBER,
    ProblemKind.UNFINISHED: Light.AMBER,
    ProblemKind.STALLED: Light.AMBER,
    ProblemKind.UNREADABLE: Light.AMBER,
    ProblemKind.FUTURE: Light.AMBER,
    ProblemKind.PAUSED: Light.AMBER,
    ProblemKind.NOT_CHECKED: Light.AMBER,
    ProblemKind.NOT_PROBED: Light.AMBER,
    Sign.PROBE_RUN_FAILED: Light.AMBER,
    Sign.PROBES_UNWELL: Light.AMBER,
    Sign.RULES_WARN: Light.AMBER,
    Sign.UNSEEN_FOR_HOURS: Light.AMBER,
    Sign.WATCH_FAILED: Light.AMBER,
    Sign.WATCH_SILENT_FOR_HOURS: Light.AMBER,
    ProblemKind.NOT_NOTIFIED: Light.AMBER,
    ProblemKind.OLD_DATABASE: Light.AMBER,
    ProblemKind.LEFT_COPY: Light.AMBER,
    Sign.FIRST_BACKUP: Light.GREY,
    Sign.NOT_SEEN: Light.GREY,
    Sign.WELL: Light.GREEN,
}
"""What each means, the worst first: in this order a target's reasons are told."""
