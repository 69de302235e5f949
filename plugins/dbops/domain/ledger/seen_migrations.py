"""SeenMigrations: at which migrations a database was when its checks ran, so that a page need not ask the database."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dbops.domain.ledger.migration import Migration
from dbops.domain.ledger.rules import judge_ledger
from dbops.domain.ledger.table import LedgerRow
from dbops.domain.words.recorded import Moment


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class SeenMigrations:
    """Names and times only, in the ledger's order; ``pending`` in that of the folder.

    ``applied`` is each with when it was finished; ``failed`` were begun and never finished. Where the ledger could not
    be read all three are empty, and ``unknown`` says why.
    """

    applied: tuple[tuple[str, Moment], ...] = ()
    pending: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unknown: str = ""


def seen_migrations(migrations: Sequence[Migration], rows: Sequence[LedgerRow] | None) -> SeenMigrations | None:
    """What the folder and the ledger say together; None where there is neither, ``rows`` being None for no ledger."""
    if rows is None and not migrations:
        return None
    state = judge_ledger(migrations, rows)
    finished = {row.name: row.finished for row in rows or () if row.is_applied and row.finished is not None}
    return SeenMigrations(
        applied=tuple((name, finished[name]) for name in state.applied), pending=state.pending, failed=state.failed
    )
