"""LedgerMark: a change of one ledger row that takes effect with a migration, in its transaction, or not at all.

So whoever finds a migration that was interrupted reads in its row whether the server has committed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dbops.domain.ledger.table import ledger_time
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.database_settings import quote_text
from dbops.gateways.migrating.ledger_table import ledger_name


@dataclass(frozen=True)
class LedgerMark:
    """``sql`` changes the row. ``seen`` asks whether it was changed: one row, one boolean; no row where it is gone."""

    sql: str
    seen: str


def stepped(address: DatabaseAddress, row_id: str) -> LedgerMark:
    """The migration's text was executed: what Prisma writes right after it."""
    return _mark(address, row_id, "applied_steps_count = applied_steps_count + 1", "applied_steps_count > 0")


def rolled_back(address: DatabaseAddress, row_id: str, now: datetime) -> LedgerMark:
    """The migration was taken back."""
    moment = quote_text(ledger_time(now).isoformat())
    return _mark(address, row_id, f"rolled_back_at = {moment}", "rolled_back_at IS NOT NULL")


def _mark(address: DatabaseAddress, row_id: str, change: str, seen: str) -> LedgerMark:
    table, which = ledger_name(address), f"id = {quote_text(row_id)}"
    return LedgerMark(
        f"UPDATE {table} SET {change} WHERE {which}",  # noqa: S608 - quoted
        f"SELECT {seen} FROM {table} WHERE {which}",  # noqa: S608 - quoted
    )
