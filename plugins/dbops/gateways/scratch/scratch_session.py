"""A session on a scratch database in which migrations run as Prisma runs them; and what is told when one does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql

from dbops.domain.ledger.migration import Migration
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.statements import SqlFault, statements
from dbops.domain.sql.whole_statements import whole_statements
from dbops.errors import InvalidRequest, ServerFailed
from dbops.gateways.server.connecting import connect_as_application
from dbops.gateways.server.sessions import first_line

_TIMEOUT = "10min"


class ReplayFailed(InvalidRequest):
    """A migration, or a down.sql, that an empty scratch database refuses; the target was not touched.

    ``name`` is the folder, ``file`` which of its files, ``line`` where the server says it is, None where it does not.
    """

    def __init__(self, name: str, file: str, line: int | None, said: str) -> None:
        where = f"{name}/{file}" if line is None else f"{name}/{file}, line {line}"
        super().__init__(
            f"{where} does not run on an empty scratch database after the migrations before it: {said}.",
            "If it was never applied anywhere, correct it; otherwise the folder lacks a migration before it, or the "
            "server lacks something that it needs.",
        )
        self.name, self.file, self.line, self.said = name, file, line, said


@contextmanager
def scratch_session(address: DatabaseAddress) -> Iterator[Any]:
    """A psycopg2 connection in autocommit, in the schema of Prisma's ``?schema=``; raises ServerFailed.

    Each migration has one of its own, so that no setting of one reaches another.
    """
    try:
        with closing(connect_as_application(address)) as connection:
            connection.autocommit = True
            connection.set_client_encoding("UTF8")
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout = '{_TIMEOUT}'")
                if address.search_schema is not None:
                    schema = sql.Identifier(address.search_schema)
                    cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
                    cursor.execute(sql.SQL("SET search_path = {}").format(schema))
            yield connection
    except psycopg2.Error as error:
        raise ServerFailed(
            f"The scratch database cannot be used: {first_line(str(error))}.",
            "Check the worker's memory and disk, or the server of drill.connection, and try again.",
        ) from None


def run_migration(address: DatabaseAddress, migration: Migration) -> None:
    """Run migration.sql as Prisma does, as one simple query; raises ReplayFailed, naming its line, and ServerFailed."""
    _run(address, migration.name, "migration.sql", migration.sql)


def run_down(address: DatabaseAddress, migration: Migration) -> None:
    """Run down.sql in the same way; raises ReplayFailed and ServerFailed."""
    _run(address, migration.name, "down.sql", migration.down or "")


def _run(address: DatabaseAddress, name: str, file: str, text: str) -> None:
    if _is_comment(text):  # the driver refuses what the server takes
        return
    with scratch_session(address) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(text)
        except psycopg2.Error as error:
            if connection.closed:
                raise
            line = line_of(error, text)
            failure = refused(name, file, line, error)
        else:
            return
    raise failure if failure.line is not None else _found_one_by_one(address, text, failure)


def _is_comment(text: str) -> bool:
    try:
        return not statements(text)
    except SqlFault:
        return False  # the server will say it


def refused(name: str, file: str, line: int | None, error: psycopg2.Error) -> ReplayFailed:
    """The error of a file that the server refuses there: its words without details, which quote rows."""
    return ReplayFailed(name, file, line, first_line(error.diag.message_primary or str(error)))


def line_of(error: psycopg2.Error, text: str) -> int | None:
    """The line that the server points at; None where it points at none."""
    position = error.diag.statement_position
    return None if position is None else text.count("\n", 0, int(position) - 1) + 1


def _found_one_by_one(address: DatabaseAddress, text: str, failure: ReplayFailed) -> ReplayFailed:
    """The same failure with the line of its statement: each is run apart, in a transaction that is rolled back."""
    try:
        parts = tuple(whole_statements(text))
    except SqlFault:
        return failure
    if len(parts) == 1:
        return ReplayFailed(failure.name, failure.file, parts[0].line, failure.said)
    with scratch_session(address) as connection, connection.cursor() as cursor:
        connection.autocommit = False
        for part in parts:
            try:
                cursor.execute(part.sql)
            except psycopg2.Error as error:
                if connection.closed:
                    raise
                return refused(failure.name, failure.file, part.line, error)
        connection.rollback()
    return failure
