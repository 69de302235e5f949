"""MigrationRunner: executes one migration at a time, so that the application never waits long behind it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg2

from dbops.domain.migrations.progress import MigrationProgress
from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import MigrationFailed
from dbops.gateways.migrating.index_build import IndexBuild
from dbops.gateways.migrating.ledger_mark import LedgerMark
from dbops.gateways.migrating.session import MigrationSession, OutOfTime, RowGone
from dbops.gateways.migrating.watch import MigrationWatch
from dbops.gateways.server.refusals import code_of, ends_session, said

_LOST_TRIES = 2
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_SAY_EVERY = 10.0
_LOCK_TIMEOUT = "55P03"
_ROLLED_BACK = {_LOCK_TIMEOUT, "40P01", "40001"}  # and a deadlock, and a transaction that cannot be serialized
_CONSTRAINTS = "23"
_NOTHING_DONE = "Nothing in it has taken effect."

Listener = Callable[[MigrationProgress], None]


class MigrationRunner:
    """Raises MigrationFailed where a text was not executed, and DatabaseError where that is not known.

    A session that was lost is never taken for a failure, nor its text repeated, before a new one has seen whether it
    took effect. What a signal raises here ends the text on the server first.
    """

    def __init__(self, address: DatabaseAddress, options: MigrationOptions, on_progress: Listener) -> None:
        self._address, self._options, self._on_progress = address, options, on_progress
        self._waited_for: tuple[int, ...] = ()

    def run(self, name: str, text: str, mark: LedgerMark) -> None:
        """Execute a text in one transaction with its mark: both take effect, or none.

        It is tried again and again where it would have to wait for a lock for longer than the lock timeout.
        """
        options, lost, attempt = self._options, 0, 0
        refusal = psycopg2.Error()
        while True:
            attempt += 1
            with self._session(options.lock_timeout, options.statement_timeout) as session:
                if lost and _is_seen(session, name, mark):
                    return
                if lost > _LOST_TRIES:
                    raise _failed(name, refusal)
                try:
                    with self._watched(name, session, f"try {attempt} of {options.tries}") as meanwhile:
                        session.transact(text, mark.sql, meanwhile)
                        return
                except psycopg2.Error as error:
                    refusal, is_lost = error, session.is_lost or ends_session(error)
            if is_lost:
                lost += 1
                continue
            if refusal.pgcode not in _ROLLED_BACK:
                raise _failed(name, refusal)
            if attempt >= options.tries:
                raise self._never_let_in(name, refusal)
            time.sleep(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0))  # noqa: S311

    def run_alone(self, name: str, text: str) -> None:
        """Execute a statement with CONCURRENTLY, for which no transaction may be open.

        It stands in nobody's way, so it waits for locks as long as it may last. An index that such a build has left
        INVALID is dropped, and built anew.
        """
        lost = 0
        refusal = psycopg2.Error()
        while True:
            with self._session(timedelta(), self._options.concurrent_timeout) as session:
                build = IndexBuild(session, name, text)
                try:
                    if lost and build.has_happened():
                        return
                    with self._watched(name, session, "at work") as meanwhile:
                        if lost > _LOST_TRIES:
                            build.remove_leftover(meanwhile)
                            raise _failed(name, refusal)
                        build.run(meanwhile)
                        return
                except psycopg2.Error as error:
                    refusal, is_lost = error, session.is_lost or ends_session(error)
                    left = "" if is_lost else _left(build)
            if not is_lost:
                raise _failed(name, refusal, left)
            lost += 1

    def has_happened(self, name: str, text: str) -> bool:
        """Whether a statement with CONCURRENTLY took effect, as far as the catalog tells, now that none is at work."""
        with self._session(self._options.lock_timeout, self._options.statement_timeout) as session:
            try:
                return IndexBuild(session, name, text).has_happened()
            except psycopg2.Error as error:
                raise _failed(name, error) from None

    def settle_alone(self, name: str, text: str) -> None:
        """Remove what an interrupted build of that text has left INVALID, as soon as none is at work any more."""
        with self._session(timedelta(), self._options.concurrent_timeout) as session:
            try:
                with self._watched(name, session, "removes what is left") as meanwhile:
                    IndexBuild(session, name, text).remove_leftover(meanwhile)
            except psycopg2.Error as error:
                raise _failed(name, error) from None

    def wait_for_earlier(self) -> None:
        """Wait until no session of an earlier try is at work any more; raises PreflightFailed where one goes on."""
        with self._session(self._options.lock_timeout, self._options.statement_timeout):
            return

    def _session(self, lock_timeout: timedelta, statement_timeout: timedelta) -> MigrationSession:
        return MigrationSession(self._address, lock_timeout=lock_timeout, statement_timeout=statement_timeout)

    @contextmanager
    def _watched(self, name: str, session: MigrationSession, doing: str) -> Iterator[Callable[[], None]]:
        """What tells people how far it is, when there is something new, or nothing new for long."""
        began = time.monotonic()
        said: list[tuple[object, float]] = [((), began)]
        with MigrationWatch(self._address, session.pid) as watch:

            def meanwhile() -> None:
                seen, now = watch.seen, time.monotonic()
                self._waited_for = seen.waits_for or self._waited_for
                progress = MigrationProgress(
                    name=name,
                    doing=seen.phase or doing,
                    elapsed=timedelta(seconds=now - began),
                    done=seen.done,
                    total=seen.total,
                    waits_for=seen.waits_for,
                )
                last, when = said[-1]
                if progress.stage != last or now - when >= _SAY_EVERY:
                    said[:] = [(progress.stage, now)]
                    self._on_progress(progress)

            yield meanwhile

    def _never_let_in(self, name: str, error: psycopg2.Error) -> MigrationFailed:
        options = self._options
        words = _said(error)
        others = f"others (process {', '.join(map(str, self._waited_for))})" if self._waited_for else "others"
        return MigrationFailed(
            f"{name} was tried {options.tries} times, and each time had to wait for {others} for longer than its lock "
            f"timeout of {options.lock_timeout.total_seconds():g} s: {words}. {_NOTHING_DONE}",
            "Look for a long transaction on its tables, as the plan shows them, and start a new run at a quieter time.",
            code=error.pgcode,
            said=words,
        )


def _failed(name: str, error: psycopg2.Error, left: str = "") -> MigrationFailed:
    """The error of a migration that the server refused: its words where they quote no row, else what its code means."""
    words = _said(error)
    code = f" ({error.pgcode})" if error.pgcode and error.pgcode not in words else ""
    return MigrationFailed(
        f"The server refused {name}: {words}{code}. {left or _NOTHING_DONE}",
        "Correct it, and start a new run.",
        code=error.pgcode,
        said=words,
        left=left,
    )


def _left(build: IndexBuild) -> str:
    try:
        return build.left()
    except psycopg2.Error:
        return "Whether its index is INVALID now could not be seen: look at pg_index."


def _said(error: psycopg2.Error) -> str:
    if isinstance(error, RowGone | OutOfTime):
        return str(error)
    words, diag = said(error), error.diag
    # The server names the constraint beside its words, which a function's own words may do too.
    named = diag.constraint_name if code_of(error).startswith(_CONSTRAINTS) and not diag.context else None
    return f"{words}, constraint {named} of {diag.table_name}" if named else words


def _is_seen(session: MigrationSession, name: str, mark: LedgerMark) -> bool:
    try:
        rows = session.ask(mark.seen)
    except psycopg2.Error as error:
        raise _failed(name, error) from None
    return bool(rows and rows[0][0])
