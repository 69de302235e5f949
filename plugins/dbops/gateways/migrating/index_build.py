"""IndexBuild: one statement with CONCURRENTLY, and an end to what it leaves INVALID when it fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta

import psycopg2

from dbops.domain.sql.concurrent_statement import ConcurrentStatement
from dbops.errors import MigrationFailed
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.migrating.session import MigrationSession

_BUILDS = 3
_AGAIN = {"40P01", "55P03"}  # a deadlock with the application, or a lock timeout that is not ours
_LAST_DROP = timedelta(seconds=2)  # a task that is stopped has not much longer


class IndexBuild:
    """Raises psycopg2.Error where the server refuses, and MigrationFailed where another is building that index."""

    def __init__(self, session: MigrationSession, name: str, text: str) -> None:
        self._session, self._name, self._text = session, name, text
        self._statement = ConcurrentStatement.of(text)

    def run(self, meanwhile: Callable[[], None]) -> None:
        """Execute it until the index is valid, at most so many times; see ``MigrationSession.execute``."""
        for attempt in range(1, _BUILDS + 1):
            if self._statement.kind == "create":  # IF NOT EXISTS would take an INVALID index for the one that is wanted
                self.remove_leftover(meanwhile)
            try:
                self._session.execute(self._text, meanwhile)
            except psycopg2.Error as error:
                if self._session.is_lost:
                    raise
                if self._statement.kind == "create":
                    self.remove_leftover(meanwhile)
                if error.pgcode not in _AGAIN or attempt == _BUILDS:
                    raise
            except BaseException:
                self._remove_in_passing()
                raise
            else:
                if self.has_happened():
                    return
                self._require_made()
        self.remove_leftover(meanwhile)
        raise MigrationFailed(
            f"{self._name} was executed {_BUILDS} times, and its index was INVALID each time. It was dropped.",
            "Check the server's log, and start a new run.",
        )

    def has_happened(self) -> bool:
        """Whether it took effect, as far as the catalog tells; raises psycopg2.Error."""
        if self._statement.kind == "create":
            return [valid for _, valid, _ in self._found()] == [True]
        if self._statement.kind == "drop":
            query = "SELECT pg_catalog.to_regclass(%(index)s) IS NULL"
            return self._session.ask(query, {"index": self._statement.relation}) == [(True,)]
        return False

    def left(self) -> str:
        """What a statement that failed has left INVALID, in a sentence with what ends it; empty where nothing is."""
        names = [name for name, valid, _ in self._found() if not valid]
        if not names:
            return ""
        return (
            f"The index {names[0]} is INVALID now: no query uses it, but every write still maintains it. This "
            f"removes it, once no old transaction blocks it: DROP INDEX CONCURRENTLY {names[0]};"
        )

    def remove_leftover(self, meanwhile: Callable[[], None]) -> None:
        """Drop the index that the statement makes or drops, where it is INVALID; see ``MigrationSession.execute``.

        A DROP makes its index INVALID before it waits for those who still use it: then it is dropped to the end.
        """
        for name in self._invalid():
            self._session.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", meanwhile)

    def _require_made(self) -> None:
        if not self._found():
            there = "still there" if self._statement.kind == "drop" else "not there"
            raise MigrationFailed(
                f"{self._name} was executed, and its index is {there}.",
                "Check whether another index has its name, and start a new run.",
            )

    def _remove_in_passing(self) -> None:
        """The same where somebody waits for us to end; what cannot be dropped now is dropped by the next run."""
        with contextlib.suppress(psycopg2.Error, MigrationFailed):
            if not self._session.is_lost:
                self._session.limit("statement_timeout", _LAST_DROP)
                for name in self._invalid():
                    self._session.ask(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def _invalid(self) -> list[str]:
        """The name in SQL of what a build has left; raises MigrationFailed where one is at work."""
        found = [(name, builders) for name, valid, builders in self._found() if not valid]
        for name, builders in found:
            if builders:
                raise MigrationFailed(
                    f"{self._name} was not executed: {name} is INVALID, and the server's process "
                    f"{', '.join(map(str, builders))} may be building it.",
                    "Wait until it has ended, and start a new run.",
                )
        return [name for name, _ in found]

    def _found(self) -> list[tuple[str, bool, list[int]]]:
        if self._statement.kind == "create":
            query, where = "index_by_name", {"table": self._statement.relation, "index": self._statement.index}
        elif self._statement.kind == "drop":
            query, where = "index_by_its_name", {"index": self._statement.relation}
        else:
            return []
        return [(name, valid, builders) for name, valid, builders in self._session.ask(catalog_sql(query), where)]
