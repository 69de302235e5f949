"""judge_ledger: what is applied, pending and failed, and what Prisma does not notice: edited, missing, out of order."""

from __future__ import annotations

from collections.abc import Sequence

from dbops.domain.ledger.migration import Migration, in_order
from dbops.domain.ledger.table import LedgerRow, LedgerState


def judge_ledger(migrations: Sequence[Migration], rows: Sequence[LedgerRow] | None) -> LedgerState:
    """Compare the folder with a ledger's rows, in whatever order they come; None is a database without a ledger.

    A migration may have several rows: each attempt is one. It is applied by any that finished and was not rolled back,
    the newest of which says with what text; it failed by any that did not finish and was not rolled back.
    """
    attempts = sorted(rows or (), key=lambda row: (row.started, in_order(row.name)))
    by_name = {migration.name: migration for migration in migrations}
    applied = {row.name: row.checksum for row in attempts if row.is_applied}
    failed = tuple(dict.fromkeys(row.name for row in attempts if row.is_failed))
    folder = sorted(by_name, key=in_order)
    pending = tuple(name for name in folder if name not in applied and name not in failed)
    newest = max(map(in_order, applied), default=None)
    return LedgerState(
        exists=rows is not None,
        applied=tuple(applied),
        pending=pending,
        failed=failed,
        edited=tuple(
            name for name, checksum in applied.items() if name in by_name and not by_name[name].is_recorded_as(checksum)
        ),
        unknown=tuple(name for name in applied if name not in by_name),
        out_of_order=tuple(name for name in pending if newest is not None and in_order(name) < newest),
    )
