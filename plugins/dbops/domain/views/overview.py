"""Overview: every target as one row, with a light and the reasons for it in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dbops.domain.fault import Fault
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.dag_state import WATCH, DagState
from dbops.domain.watch.light import LIGHTS, Light, Sign
from dbops.domain.watch.lost_target import LostTarget
from dbops.domain.watch.problem import ProblemKind
from dbops.domain.watch.reasons import NotKnown, reasons_of

_TREND = 14  # good backups: two weeks of nightly ones


@dataclass(frozen=True, kw_only=True)
class OverviewRow:
    """One target. ``reasons`` are whole sentences, worst first; there is at least one, also of a green light.

    ``worst`` is what the first one tells of. ``index`` is None where it could not be read: then ``missing`` says why,
    and a reason too. ``doubt`` says why it is one that was read before, and no newer one; so does a reason. ``dags``
    are by job, see ``dag_state.JOBS``; one that Airflow does not know, or that may not be shown, is absent, and so is
    the ``watch``. ``size_trend`` are the stored bytes of the last good backups, oldest first.
    """

    target: Target
    worst: ProblemKind | Sign
    reasons: tuple[str, ...]
    index: TargetIndex | None = None
    missing: NotKnown | str | None = None
    doubt: NotKnown | None = None
    dags: Mapping[str, DagState] = field(default_factory=dict)
    watch: DagState | None = None
    size_trend: tuple[int, ...] = ()

    @property
    def light(self) -> Light:
        """How soon somebody has to look."""
        return LIGHTS[self.worst]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """``rows`` are worst first; ``faults`` are the files below include/ that cannot be read.

    ``lost`` are the targets whose file has disappeared; they have no row.
    """

    rows: tuple[OverviewRow, ...]
    faults: tuple[Fault, ...]
    seen: datetime
    lost: tuple[LostTarget, ...] = ()


def overview_row(
    target: Target,
    index: TargetIndex | NotKnown | str,
    dags: Mapping[str, DagState],
    now: datetime,
    *,
    doubt: NotKnown | None = None,
) -> OverviewRow:
    """The row of a target at ``now``; ``index`` is a sentence where the bucket cannot be seen.

    ``dags`` are the target's by job, and that of the watch: see ``dag_state.dags_of``. With ``doubt`` nobody knows
    whether the index still holds: what was bad stays bad, and what was safe is not known.
    """
    reasons = reasons_of(target, index, dags, now, doubt=doubt)
    known = index if isinstance(index, TargetIndex) else None
    good = [backup.stored_bytes for backup in known.backups if backup.is_good] if known else []
    return OverviewRow(
        target=target,
        worst=reasons[0].what,
        reasons=tuple(reason.sentence for reason in reasons),
        index=known,
        missing=None if isinstance(index, TargetIndex) else index,
        doubt=doubt,
        dags={job: state for job, state in dags.items() if job != WATCH},
        watch=dags.get(WATCH),
        size_trend=tuple(good[-_TREND:]),
    )


def worst_first(rows: Iterable[OverviewRow]) -> list[OverviewRow]:
    """By the gravest reason, in the order of ``LIGHTS``, then those of which there is most to say, then by name."""
    gravity = {what: place for place, what in enumerate(LIGHTS)}
    return sorted(rows, key=lambda row: (gravity[row.worst], -len(row.reasons), row.target.name))
