"""Promise: what is written into Prisma's ledger is what Prisma itself would have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from dbops.domain.ledger.table import create_ledger, ledger_time


def test_a_moment_is_utc_in_whole_milliseconds() -> None:
    moment = datetime(2026, 11, 22, 3, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))

    kept = ledger_time(moment)

    assert kept.isoformat() == "2026-11-22T02:00:00.123000+00:00"
    assert kept.tzinfo is UTC
    assert ledger_time(kept) == kept


def test_the_table_is_the_one_that_prisma_makes() -> None:
    assert create_ledger('"a"."b"').startswith(
        'CREATE TABLE "a"."b" (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at '
    )
