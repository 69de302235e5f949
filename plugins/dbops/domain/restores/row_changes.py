"""Row changes: which rows a swap would take away, and which it would bring back, as far as numbers of rows tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbops.domain.backups.backup import TableEntry
from dbops.domain.restores.live_facts import LiveTable, TableName
from dbops.domain.words.quantities import format_count, listed

_NAMED = 5


@dataclass(frozen=True)
class RowChanges:
    """``lost`` are the rows that only the live tables have, ``back`` those that only the backup has; none is 0.

    Not ``exact`` where some live table's rows are an estimate. A row that was changed is in neither.
    """

    lost: Mapping[TableName, int]
    back: Mapping[TableName, int]
    exact: bool

    def told(self, changes: Mapping[TableName, int]) -> str:
        """The sum, and by table the largest first; "none" where there are none."""
        about = "" if self.exact else "about "
        if not changes:
            return "none" if self.exact else "none, by estimates"
        largest = sorted(changes, key=lambda name: (-changes[name], name))
        tables = listed([f"{'.'.join(name)} {changes[name]:,}" for name in largest], named=_NAMED)
        rows = format_count(sum(changes.values()), "row")
        return f"{about}{rows} in {format_count(len(changes), 'table')}: {tables}"


def row_changes(backup: Iterable[TableEntry], live: Mapping[TableName, LiveTable]) -> RowChanges:
    """Compare every table of both. What a backup left out of a table it has not, so that all of its live rows go.

    Where it is known how many rows came after the backup, these are lost, also where others were deleted meanwhile:
    those come back.
    """
    held = {(table.schema, table.name): table.rows or 0 for table in backup}
    lost, back = {}, {}
    for name in held.keys() | live.keys():
        before, now = held.get(name, 0), live.get(name, LiveTable(0, exact=True))
        more = now.rows - before
        gone = max(more, min(now.since or 0, now.rows), 0)
        lost[name], back[name] = gone, gone - more
    return RowChanges(_some(lost), _some(back), all(table.exact for table in live.values()))


def _some(changes: Mapping[TableName, int]) -> dict[TableName, int]:
    return {name: rows for name, rows in changes.items() if rows}
