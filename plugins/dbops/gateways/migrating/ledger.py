"""The ledger of Prisma Migrate: read by whoever compares, written by one session at a time, under Prisma's own lock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Row, text

from dbops.domain.ledger.migration import Migration
from dbops.domain.ledger.table import LOCK, LedgerRow, create_ledger, ledger_time
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError, InvalidConnection, PlanChanged, PreflightFailed
from dbops.gateways.comes_true import comes_true
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.migrating.ledger_table import ledger_name, ledger_rows
from dbops.gateways.server.sessions import changing, reading, translated

_LOOK_EVERY = 0.2
_WAIT = 10.0  # as long as Prisma waits
_TIMEOUT_MS = 60_000


def read_ledger(address: DatabaseAddress) -> tuple[LedgerRow, ...] | None:
    """The rows of the ledger by when they were begun; None where there is no ledger.

    It is looked for in the schema that the connection names (Prisma's ``?schema=``), by default in public. Raises
    PreflightFailed where something else lies there under its name, and DatabaseError.
    """
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        return ledger_rows(session, address)


class LedgerSession:
    """A session that holds Prisma's lock and writes the ledger's rows as Prisma writes them.

    Each change is a transaction of its own, in effect when the method returns. While one is open neither Prisma nor
    another of ours migrates this database; when the process or its connection dies, the server lets go of the lock.
    """

    def __init__(self, address: DatabaseAddress, *, wait: float = _WAIT) -> None:
        """``wait`` is for how many seconds another holder of the lock is waited for."""
        self._address, self._wait = address, wait
        self._name = ledger_name(address).replace(":", "\\:")  # no parameter of SQLAlchemy's
        self._stack = ExitStack()
        self._session: Connection | None = None
        self._backend = 0

    def __enter__(self) -> Self:
        """Take the lock; raises PreflightFailed where another does not let go of it in time, InvalidConnection."""
        if self._address.pooled:
            raise InvalidConnection(
                "The connection goes through a transaction pooler (pgbouncer=true), where locks are not tied to a "
                "session.",
                "Give it the direct URL of the database, the one that Prisma calls DIRECT_URL.",
            )
        with ExitStack() as stack:
            self._session = stack.enter_context(changing(self._address))
            self._take_lock()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the lock: it ends with the session."""
        self._session = None
        self._stack.close()

    def rows(self) -> tuple[LedgerRow, ...] | None:
        """What read_ledger reads, as it is under the lock."""
        with translated(self._address):
            return ledger_rows(self._open, self._address)

    def require_lock(self) -> None:
        """Raise DatabaseError where the session, and with it the lock, was lost."""
        if self._backend not in {holder.pid for holder in self._holders()}:
            raise self._lost()

    def create(self) -> None:
        """Make the ledger where there is none; raises PreflightFailed where something else lies there."""
        if self.rows() is None:
            self._execute(create_ledger(self._name))

    def mark_applied(self, migration: Migration, now: datetime) -> str:
        """Say that a migration is in force without executing it, and return the row's id; raises PlanChanged.

        That is how a baseline begins. An attempt that failed is rolled back in the ledger at the same moment.
        """
        self._require_unapplied(migration)
        for row in self.rows() or ():
            if row.name == migration.name and row.is_failed:
                self.roll_back(row.row_id, now)
        return self._insert(migration, now, {"finished_at": ledger_time(now), "logs": ""})

    def begin(self, migration: Migration, now: datetime, row_id: str | None = None) -> str:
        """Say that a migration is about to be executed, and return the row's id; raises PlanChanged.

        It must be neither applied nor failed, and none other may have failed: so nothing is applied twice. ``row_id``
        is the caller's, who has noted it before there is a row.
        """
        self._require_unapplied(migration)
        failed = [row.name for row in self.rows() or () if row.is_failed]
        if failed:
            raise PlanChanged(
                f"According to the ledger {', '.join(failed)} failed in the meantime, or somebody has started it: "
                f"{migration.name} was "
                "not begun.",
                "Find out what happened to it, and start a new run.",
            )
        return self._insert(migration, now, {}, row_id)

    def step(self, row_id: str) -> None:
        """Say that its text was executed."""
        self._update(row_id, "applied_steps_count = applied_steps_count + 1")

    def finish(self, row_id: str, now: datetime) -> None:
        """Say that it is in force; why it was once taken for failed is forgotten."""
        self._update(row_id, "finished_at = :now, logs = NULL", now=ledger_time(now))

    def fail(self, row_id: str, logs: str) -> None:
        """Say why it failed, as failure_logs writes it; from now on it blocks every other, until it is rolled back."""
        self._update(row_id, "logs = :logs", logs=logs)

    def roll_back(self, row_id: str, now: datetime) -> None:
        """Say that it was taken back, whether it had failed or was in force: it is pending again."""
        self._update(row_id, "rolled_back_at = :now", now=ledger_time(now))

    @property
    def _open(self) -> Connection:
        if self._session is None:
            raise RuntimeError("a LedgerSession is used within its with block")
        if self._session.invalidated:  # a new one, which SQLAlchemy would make, does not hold the lock
            raise self._lost()
        return self._session

    def _take_lock(self) -> None:
        # Asked again and again, for whoever waits within a statement is waited for by CREATE INDEX CONCURRENTLY.
        def is_ours() -> bool:
            return bool(self._execute("SELECT pg_try_advisory_lock(:key)", key=LOCK)[0][0])

        if not comes_true(is_ours, within=self._wait, look_every=_LOOK_EVERY):
            raise self._locked()
        self._backend = int(self._execute("SELECT pg_backend_pid()")[0][0])

    def _locked(self) -> PreflightFailed:
        holders = [
            f"process {one.pid} ({one.role or 'a role we may not see'}, {one.application or 'no application name'})"
            for one in self._holders()
        ]
        who = " and ".join(holders) or "a session that has just ended"
        return PreflightFailed(
            f"Another migration of database {self._address.database} is running: the lock of Prisma Migrate is held by "
            f"{who}, and was not let go of within {self._wait:g} seconds.",
            "Wait until it has ended; if it is stuck, end it with pg_terminate_backend; then try again.",
        )

    def _lost(self) -> DatabaseError:
        return DatabaseError(
            f"The session that held Prisma Migrate's lock in database {self._address.database} was lost.",
            "Nothing more was written to the ledger. Start a new run: it finds out what happened.",
        )

    def _holders(self) -> Sequence[Row[Any]]:
        return self._execute(catalog_sql("ledger_lock_holders"), key=LOCK)

    def _require_unapplied(self, migration: Migration) -> None:
        if any(row.name == migration.name and row.is_applied for row in self.rows() or ()):
            raise PlanChanged(
                f"According to the ledger {migration.name} is already applied: somebody else has migrated the "
                "database in the meantime.",
                "Nothing was applied twice. Start a new run.",
            )

    def _insert(self, migration: Migration, now: datetime, more: dict[str, Any], row_id: str | None = None) -> str:
        values = {
            "id": row_id or str(uuid.uuid4()),
            "checksum": migration.checksum,
            "started_at": ledger_time(now),
            "migration_name": migration.name,
            **more,
        }
        names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        self._execute(f"INSERT INTO {self._name} ({names}) VALUES ({places})", **values)  # noqa: S608 - our own names
        return str(values["id"])

    def _update(self, row_id: str, change: str, **values: Any) -> None:
        query = f"UPDATE {self._name} SET {change} WHERE id = :id RETURNING id"  # noqa: S608 - our own names
        if len(self._execute(query, id=row_id, **values)) != 1:
            raise DatabaseError(
                f"The ledger of database {self._address.database} has no row {row_id} that could be changed.",
                "Somebody has changed the ledger in the meantime. Check it, and start a new run.",
            )

    def _execute(self, statement: str, **values: Any) -> Sequence[Row[Any]]:
        with translated(self._address):
            result = self._open.execute(text(statement), values)
            return result.all() if result.returns_rows else ()
