"""Size: has a backup shrunk so much that somebody should look, even though everything is green?"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Protocol

from dbops.domain.backups.backup import BackupId
from dbops.domain.options.alerts import Alerts
from dbops.domain.words.quantities import format_bytes

_COMPARED = 7


class Sized(Protocol):
    """What is known of a backup's size, by its manifest or by the index."""

    @property
    def backup_id(self) -> BackupId:
        """Its id, and with it its age."""

    @property
    def stored_bytes(self) -> int:
        """Bytes of all files, as stored."""

    @property
    def rows(self) -> int:
        """Rows of all tables."""


def size_warnings(new: Sized, previous: Sequence[Sized], alerts: Alerts) -> tuple[str, ...]:
    """A sentence with both numbers for each way in which ``new`` is too small; none where it is not.

    Compared are stored bytes and rows with the median of the last 7 (or as many as there are: one is enough) of
    ``previous``, which are good backups in any order; those that are not older than ``new`` are left out.
    """
    warnings = []
    if alerts.smaller_than is not None and new.stored_bytes < alerts.smaller_than:
        warnings.append(
            f"The backup is {format_bytes(new.stored_bytes)}, smaller than the {format_bytes(alerts.smaller_than)} "
            "of alerts.smaller_than."
        )
    older = sorted((other for other in previous if other.backup_id < new.backup_id), key=lambda other: other.backup_id)
    compared = older[-_COMPARED:]
    if not compared:
        return tuple(warnings)
    usual = "the backup before it" if len(compared) == 1 else f"the median of the {len(compared)} backups before it"
    usual_bytes = median(other.stored_bytes for other in compared)
    usual_rows = median(other.rows for other in compared)
    if _fell(new.stored_bytes, usual_bytes) > alerts.shrunk_by:
        warnings.append(
            f"The backup is {_fell(new.stored_bytes, usual_bytes):.0f} % smaller than {usual}: "
            f"{format_bytes(new.stored_bytes)} against {format_bytes(usual_bytes)}."
        )
    if _fell(new.rows, usual_rows) > alerts.shrunk_by:
        warnings.append(
            f"The backup has {_fell(new.rows, usual_rows):.0f} % fewer rows than {usual}: "
            f"{new.rows:,} against {usual_rows:,.0f}."
        )
    return tuple(warnings)


def _fell(new: float, usual: float) -> float:
    return 100 * (1 - new / usual) if usual else 0.0
