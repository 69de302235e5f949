"""Lost rows: which tables have so few rows in a backup that somebody should look, though the rest hides it in the sum.

It is told once, by the first backup in which it is so: a table counts by the least that it had in the last backups.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.options.alerts import Alerts
from dbops.domain.sql.object_names import TableName
from dbops.domain.sql.relation_pattern import RelationPattern
from dbops.domain.words.quantities import format_count, listed

_COMPARED = 7
_FEW_ROWS = 100  # smaller tables empty and fill all the time
_NUMBER = re.compile(r"\d+")


def lost_rows_warnings(new: BackupManifest, previous: Iterable[BackupManifest], alerts: Alerts) -> tuple[str, ...]:
    """A sentence that names the tables which lost more than ``alerts.shrunk_by`` percent of their rows, or are gone.

    Of ``previous``, good backups in any order, the newest one that is older than ``new`` has the tables that count, and
    the last 7 say how few rows a table may have: one that is emptied and filled again is no news. Left out are tables
    below 100 rows, those of ``alerts.may_shrink``, and one that made room for another of the same name but for numbers.
    """
    older = sorted((other for other in previous if other.backup_id < new.backup_id), key=lambda other: other.backup_id)
    if not older:
        return ()
    newest = _rows(older[-1])
    least = _least(older[-_COMPARED:])
    now = {(table.schema, table.name): table.rows for table in new.tables}
    kinds = {_kind(own) for own in now}
    may_shrink = [RelationPattern.of_table(text) for text in alerts.may_shrink]
    lost = []
    for own, rows in sorted(newest.items()):
        is_gone = own not in now
        left = 0 if is_gone else now[own]
        if left is None or (is_gone and _kind(own) in kinds) or any(each.matches(*own) for each in may_shrink):
            continue
        if least[own] >= _FEW_ROWS and 100 * (1 - left / least[own]) > alerts.shrunk_by:
            lost.append(f"{'.'.join(own)} ({rows:,}, and now {'it is gone' if is_gone else f'{left:,}'})")
    if not lost:
        return ()
    before, tables = older[-1].backup_id, format_count(len(lost), "table")
    return (
        f"Since {before} more than {alerts.shrunk_by:g} % of the rows are gone from {tables}: "
        f"{listed(lost)}. If that was not intended, hold that backup before retention lets it go: "
        f'`python -m dbops hold {new.target} {before} --reason "rows were lost"`.',
    )


def _rows(manifest: BackupManifest) -> dict[TableName, int]:
    return {(table.schema, table.name): table.rows for table in manifest.tables if table.rows is not None}


def _least(manifests: Sequence[BackupManifest]) -> dict[TableName, int]:
    least: dict[TableName, int] = {}
    for manifest in manifests:
        for own, rows in _rows(manifest).items():
            least[own] = min(rows, least.get(own, rows))
    return least


def _kind(own: TableName) -> TableName:
    """The same for ``events_2026_01`` and ``events_2026_02``: of such partitions the oldest go, and new ones come."""
    return own[0], _NUMBER.sub("0", own[1])
