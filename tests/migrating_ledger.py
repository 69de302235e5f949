"""What tests of the ledger share: a story of it, and the ledger read by other means than ours.

What differs from run to run is left out of that.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from dbops.domain.ledger.logs import failure_logs
from dbops.domain.ledger.migration import Migration
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.migrating.ledger import LedgerSession

PRISMA = Path(__file__).parent / "testdata/prisma"

_COLUMNS = """
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
           pg_get_expr(d.adbin, d.adrelid) AS default
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
_CONSTRAINTS = """
    SELECT conname || ': ' || pg_get_constraintdef(oid) AS told FROM pg_constraint
    WHERE conrelid = to_regclass(%s) AND contype <> 'n' ORDER BY 1"""
_ROWS = "SELECT * FROM {} ORDER BY started_at, rolled_back_at"
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


FIRST = Migration(name="0_init", body=b"CREATE TABLE a (id integer PRIMARY KEY);\n")
SECOND = Migration(name="20261122000000_more", body=b"ALTER TABLE a ADD COLUMN b text;\n")
BROKEN = Migration(name="20261123000000_broken", body=b"ALTER TABLE nowhere ADD COLUMN c text;\n")
_NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
_LATER = timedelta(seconds=1)


def live_through(url: str) -> None:
    """Write what Prisma writes when FIRST is the baseline, SECOND is deployed, and BROKEN fails and is given up."""
    with LedgerSession(DatabaseAddress.from_url(url)) as ledger:
        ledger.create()
        ledger.mark_applied(FIRST, _NOW)
        row = ledger.begin(SECOND, _NOW + _LATER)
        ledger.step(row)
        ledger.finish(row, _NOW + 2 * _LATER)
        row = ledger.begin(BROKEN, _NOW + 3 * _LATER)
        ledger.fail(row, failure_logs(BROKEN.name, "42P01", 'relation "nowhere" does not exist'))
        ledger.roll_back(row, _NOW + 4 * _LATER)


def recorded() -> dict[str, Any]:
    """What Prisma itself has left of that, as ``told``; test_prisma.py has a real one do it where there is node."""
    read: dict[str, Any] = json.loads((PRISMA / "ledger.json").read_text("utf-8"))
    return read


def told(url: str, ledger: str = "_prisma_migrations") -> dict[str, Any]:
    """The whole ledger: its columns, its constraints, and its rows by when they were begun.

    Ids and times are replaced by what they are like, and what a failure said by its being there.
    """
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("SET timezone = 'UTC'")
        rows = connection.execute(_ROWS.format(ledger).encode()).fetchall()
        return {
            "columns": connection.execute(_COLUMNS, [ledger]).fetchall(),
            "constraints": [row["told"] for row in connection.execute(_CONSTRAINTS, [ledger])],
            "rows": [_row(row) for row in rows],
        }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    begun: datetime = row["started_at"]
    return {
        **row,
        "id": "uuid4" if _UUID4.fullmatch(row["id"]) else row["id"],
        "logs": "why" if row["logs"] else row["logs"],
        "started_at": _moment(begun, begun),
        "finished_at": _moment(row["finished_at"], begun),
        "rolled_back_at": _moment(row["rolled_back_at"], begun),
    }


def _moment(moment: datetime | None, begun: datetime) -> str | None:
    if moment is None:
        return None
    precise = "to the millisecond" if moment.microsecond % 1000 == 0 else "to the microsecond"
    return f"{'when begun' if moment == begun else 'later'}, {precise}"
