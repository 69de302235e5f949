"""Tables that vacuum and analyze do not keep up with: dead rows, and tables that neither has ever seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.health.concern import Concern, HealthServer, statements
from dbops.domain.health.item import HealthItem
from dbops.domain.sql.object_names import in_sql, written
from dbops.domain.words.quantities import format_count, listed

_DEAD, _DEAD_SHARE = 10_000, 0.2
_ANALYZED, _VACUUMED = 1_000, 10_000
LEAST_ROWS = 1_000
"""Tables with fewer rows, living and dead, are no concern of any rule here."""
DEAD_ROWS = Concern("dead rows", "below 10,000 a table, or below 20 % of its rows; autovacuum is on")
NEVER = Concern("never vacuumed or analyzed", "no table that has 10,000 rows (vacuum) or 1,000 rows (analyze)")


@dataclass(frozen=True, kw_only=True)
class TableRows:
    """What the server has counted of a table, and whether it was ever vacuumed or analyzed."""

    schema: str
    name: str
    live: int
    dead: int
    autovacuum: bool
    never_vacuumed: bool
    never_analyzed: bool

    def __str__(self) -> str:
        return written(self.schema, self.name)

    @property
    def dead_share(self) -> float:
        """Dead rows among all, 0 to 1."""
        return self.dead / max(self.live + self.dead, 1)

    @property
    def in_sql(self) -> str:
        """Its name for SQL."""
        return in_sql(self.schema, self.name)


def dead_rows(tables: Sequence[TableRows], server: HealthServer) -> HealthItem:
    """Tables with many dead rows, the worst first, and whether autovacuum is off altogether."""
    bad = sorted(
        (one for one in tables if one.dead >= _DEAD and one.dead_share >= _DEAD_SHARE), key=lambda one: -one.dead
    )
    if not bad and server.autovacuum:
        most = max(tables, key=lambda one: one.dead, default=None)
        return DEAD_ROWS.ok(
            f"at most {most.dead:,}, in {most}" if most is not None and most.dead else "none to speak of"
        )
    remedies, sqls = [], []
    if not server.autovacuum:
        remedies.append("Switch autovacuum and track_counts on: this server cleans no table by itself.")
        sqls.append("ALTER SYSTEM SET autovacuum = on;")
    if bad:
        remedies.append(
            "Vacuum them. Where autovacuum does not keep up, see what keeps it back (a long transaction, a replication "
            "slot), or lower autovacuum_vacuum_scale_factor for the table."
        )
    if off := [one for one in bad if not one.autovacuum]:
        remedies.append(f"It is switched off for {listed([str(one) for one in off])}.")
        sqls += [f"ALTER TABLE {one.in_sql} RESET (autovacuum_enabled);" for one in off]
    sqls += [f"VACUUM (VERBOSE, ANALYZE) {one.in_sql};" for one in bad]
    value = listed([f"{one}: {one.dead:,} dead ({int(one.dead_share * 100)} %)" for one in bad])
    return DEAD_ROWS.warning(value or "autovacuum is off", " ".join(remedies), statements(sqls))


def never_maintained(tables: Sequence[TableRows]) -> HealthItem:
    """Tables with rows that were never vacuumed, or never analyzed, the largest first."""
    largest = sorted(tables, key=lambda one: -one.live)
    unanalyzed = [one for one in largest if one.never_analyzed and one.live >= _ANALYZED]
    unvacuumed = [one for one in largest if one.never_vacuumed and one.live >= _VACUUMED]
    if not unanalyzed and not unvacuumed:
        return NEVER.ok("none")
    value = "; ".join(
        f"never {done}: {listed([f'{one} ({_rows(one)})' for one in found])}"
        for done, found in (("analyzed", unanalyzed), ("vacuumed", unvacuumed))
        if found
    )
    remedy = (
        "Do it once now: without statistics plans are guesses, without vacuum index-only scans read the table too. "
        "Then see why autovacuum has not."
    )
    both = sorted({*unanalyzed, *unvacuumed}, key=lambda one: -one.live)
    sql = statements([f"{'VACUUM (ANALYZE)' if one in unvacuumed else 'ANALYZE'} {one.in_sql};" for one in both])
    return NEVER.warning(value, remedy, sql)


def _rows(table: TableRows) -> str:
    return format_count(table.live, "row")
