"""SharedSnapshot: one moment of a database that several connections see, and the locks that keep its tables there."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

import psycopg2
from psycopg2 import sql

from dbops.domain.archives.split_reading import TableName
from dbops.domain.options.backup import BackupOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.recovery_conflict import conflict_remedy
from dbops.errors import DumpFailed
from dbops.gateways.server.connecting import connect
from dbops.gateways.server.refusals import said

_TRANSACTION_TIMEOUT_SINCE = 170000
_PAGES = "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int"


class SharedSnapshot:
    """Holds a snapshot open while it is used as a context manager. ``name`` is what other sessions import it by.

    ``tables`` are locked, as pg_dump locks them, *before* the snapshot is taken: nobody can empty one in between.
    ``pages`` are their sizes. Raises DumpFailed where the server refuses, or a lock takes too long.
    """

    name: str
    pages: dict[TableName, int]

    def __init__(self, address: DatabaseAddress, tables: Sequence[TableName], options: BackupOptions) -> None:
        self._address, self._tables = address, tables
        self._lock_timeout = options.lock_wait_timeout

    def __enter__(self) -> SharedSnapshot:
        try:
            self._session = connect(self._address)
        except psycopg2.Error as error:
            raise _refused(error) from None
        try:
            self._take()
        except psycopg2.Error as error:
            self._session.close()
            raise _refused(error) from None
        return self

    def _take(self) -> None:
        self._session.set_session(isolation_level="REPEATABLE READ", readonly=True)
        milliseconds = int(self._lock_timeout.total_seconds() * 1000) if self._lock_timeout else 0
        with self._session.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            cursor.execute("SET lock_timeout = %s", [milliseconds])
            if self._session.server_version >= _TRANSACTION_TIMEOUT_SINCE:
                cursor.execute("SET transaction_timeout = 0")
            self._session.commit()
            for table in self._tables:
                cursor.execute(sql.SQL("LOCK TABLE ONLY {} IN ACCESS SHARE MODE").format(sql.Identifier(*table)))
            cursor.execute("SELECT pg_export_snapshot()")
            (self.name,) = cursor.fetchone()
            self.pages = {}
            for table in self._tables:
                cursor.execute(_PAGES, [sql.Identifier(*table).as_string(cursor)])
                (self.pages[table],) = cursor.fetchone()

    def has_rows(self, table: TableName) -> bool:
        """Whether the snapshot has any in one of its tables; it looks at each page until it finds one."""
        query = sql.SQL("SELECT EXISTS (SELECT FROM ONLY {})").format(sql.Identifier(*table))
        try:
            with self._session.cursor() as cursor:
                cursor.execute("SET LOCAL row_security = off")
                cursor.execute(query)
                return bool(cursor.fetchone()[0])
        except psycopg2.Error as error:
            raise DumpFailed(
                f"No row of table {'.'.join(table)} was read, and the server did not say whether it has any: "
                f"{said(error)}.",
                "Run the backup again; if that does not help set backup.split_above: null, so that pg_dump alone "
                "reads.",
            ) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()


def _refused(error: psycopg2.Error) -> DumpFailed:
    if (remedy := conflict_remedy(str(error))) is not None:
        return DumpFailed(f"The replica gave no snapshot to share: {said(error)}.", remedy)
    return DumpFailed(
        f"The server gave no snapshot to share: {said(error)}.",
        "If another session holds a lock on the table, often a migration, let it finish; otherwise set "
        "backup.split_above: null, so that pg_dump alone reads.",
    )
