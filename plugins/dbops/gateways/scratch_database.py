"""ScratchDatabase: a database on a server that was set aside for drills; made for one, and dropped after it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

import psycopg2
from psycopg2 import sql

from dbops.domain.connection import DatabaseAddress
from dbops.domain.database_definition import creation_options
from dbops.domain.toc_entry import TocEntry
from dbops.errors import ServerFailed

_ABANDONED_AFTER = timedelta(days=1)
_TIME = "%Y%m%d%H%M%S"


class ScratchDatabase:
    """``dbops_drill_<target>_<time>``. Those of drills that died are dropped a day later. Raises ServerFailed."""

    def __init__(self, server: DatabaseAddress, target: str, like: Sequence[TocEntry], now: datetime) -> None:
        self._server, self._prefix, self._now = server, f"dbops_drill_{target[:30]}_", now
        self._like = like
        self.name = f"{self._prefix}{now:{_TIME}}"

    def __enter__(self) -> DatabaseAddress:
        for left in self._abandoned():
            self._drop(left)
        create = sql.SQL("CREATE DATABASE {} ").format(sql.Identifier(self.name))
        as_it_was, as_c_sorts = creation_options(self._like)
        try:
            self._run(create + sql.SQL(as_it_was))
        except ServerFailed:
            self._run(create + sql.SQL(as_c_sorts))
        return replace(self._server, database=self.name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop(self.name)

    def available_extensions(self) -> set[str]:
        """The extensions that can be created on it."""
        return {name for (name,) in self._run(sql.SQL("SELECT name FROM pg_available_extensions"))}

    def server_major(self) -> int:
        """The server's major version."""
        ((number,),) = self._run(sql.SQL("SHOW server_version_num"))
        return int(number) // 10000

    def _abandoned(self) -> list[str]:
        query = sql.SQL("SELECT datname FROM pg_database WHERE starts_with(datname, {})")
        names = [name for (name,) in self._run(query.format(sql.Literal(self._prefix)))]
        oldest = f"{self._now - _ABANDONED_AFTER:{_TIME}}"
        return [name for name in names if name.removeprefix(self._prefix).isdigit() and name < self._prefix + oldest]

    def _drop(self, name: str) -> None:
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composable) -> list[tuple[Any, ...]]:
        try:
            with closing(psycopg2.connect(**self._server.libpq_parameters())) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    return cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            said = str(error).strip().splitlines()
            raise ServerFailed(
                f"The scratch server of drill.connection cannot be used: {said[0] if said else type(error).__name__}.",
                "Its role needs CREATEDB, and nothing else must use databases that begin with dbops_drill_.",
            ) from None
