"""swap_databases: two renames and all that belongs to the name, in one transaction: it happens whole, or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from dbops.errors import DatabaseError, PlanChanged, SwapFailed
from dbops.gateways.comes_true import comes_true
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.database_server import DatabaseServer
from dbops.gateways.server.sessions import changing, first_line

_ATTEMPTS = 3
_END_EVERY = 0.2
_OTHERS_LEAVE_WITHIN = 5.0
_COMMIT_WITHIN = 60.0
_IN_USE = "is being accessed by other users"
_LOCKED = "lock timeout"


class _Unknown(Exception):
    """The session was lost within the transaction; ``backend`` is the server's process, which may be at work still.

    ``committing`` says whether it was told to COMMIT.
    """

    def __init__(self, backend: int, why: str, *, committing: bool) -> None:
        super().__init__(why)
        self.backend, self.why, self.committing = backend, why, committing


def swap_databases(
    server: DatabaseServer, statements: Sequence[str], *, expected: dict[str, int], in_use: Sequence[str]
) -> None:
    """Run the statements in one transaction while the sessions of the databases ``in_use`` are ended.

    ``expected`` are the oids that the names must have afterwards. While the first rename waits for the sessions to end
    it holds the lock that new ones need: nobody gets in between. Raises PlanChanged and SwapFailed; then nothing was
    changed. Where the session is lost at the very end, the server is asked whether it happened; raises DatabaseError
    where it does not say.
    """
    refusal, is_certain = DatabaseError("nothing was tried"), True
    for _ in range(_ATTEMPTS):
        require_sessions_can_be_ended(server, in_use)
        try:
            _transaction(server, statements, expected, in_use)
        except _Unknown as lost:
            if _has_happened(server, lost, expected):
                return
            refusal, is_certain = DatabaseError(lost.why), not lost.committing
            break
        except DatabaseError as error:
            refusal = error
            if _IN_USE not in error.what:
                break
        else:
            return
    raise _failed(refusal.what, _remedy(server, in_use, refusal.what), is_certain=is_certain)


def _transaction(
    server: DatabaseServer, statements: Sequence[str], expected: dict[str, int], in_use: Sequence[str]
) -> None:
    with server.acting() as session:
        backend, committing = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one()), False
        try:
            session.execute(text("BEGIN"))
            session.execute(text("SET LOCAL lock_timeout = '10s'"))
            with _ending_sessions(server, in_use):
                for statement in statements:
                    session.exec_driver_sql(statement.replace("%", "%%"))
            _require_names(session, expected)
            committing = True
            session.execute(text("COMMIT"))
        except BaseException as error:
            if not _is_rolled_back(session) and isinstance(error, Exception):
                why = f"the session was lost: {first_line(str(error))}"
                raise _Unknown(backend, why, committing=committing) from None
            raise


def _require_names(session: Connection, expected: dict[str, int]) -> None:
    query = text("SELECT datname::text, oid::bigint FROM pg_database WHERE datname = ANY (:names)")
    found = {row.datname: row.oid for row in session.execute(query, {"names": list(expected)})}
    if found != expected:
        raise PlanChanged(
            "A database is not the one that was planned: somebody has renamed, dropped or created one.",
            "Nothing was changed. Start a new run.",
        )


def _is_rolled_back(session: Connection) -> bool:
    try:
        session.execute(text("ROLLBACK"))
    except Exception:  # noqa: BLE001 - whatever it is, the server has not said yes
        return False
    return True


@contextmanager
def _ending_sessions(server: DatabaseServer, names: Sequence[str]) -> Iterator[None]:
    """End the sessions of these databases again and again, from a session of its own.

    To be left before the COMMIT: whoever comes after it is welcome.
    """
    over = threading.Event()
    with changing(server.elsewhere) as session:

        def end() -> None:
            while not over.wait(_END_EVERY):
                try:
                    session.execute(text(catalog_sql("end_sessions")), {"names": list(names)})
                except DBAPIError as error:  # the rename says what is left
                    if error.connection_invalidated:
                        return

        ending = threading.Thread(target=end, name="end sessions", daemon=True)
        ending.start()
        try:
            yield
        finally:
            over.set()
            ending.join()


def require_sessions_can_be_ended(server: DatabaseServer, in_use: Sequence[str]) -> None:
    """Wait for those to leave whom we may not end; raises SwapFailed, before anybody else was disturbed."""
    deadline = time.monotonic() + _OTHERS_LEAVE_WITHIN
    while others := _others(server, in_use):
        if time.monotonic() >= deadline:
            raise _failed(
                f"our role may not end the sessions of {', '.join(others)}",
                "GRANT pg_signal_backend to it, or for a superuser's sessions stop these clients.",
            )
        time.sleep(_END_EVERY)


def _others(server: DatabaseServer, in_use: Sequence[str]) -> list[str]:
    oids = [oid for name in in_use if (oid := server.oid_of(name)) is not None]
    groups = [group for oid in oids for group in server.sessions(oid) if not group.may_end]
    return sorted({f"{group.role} ({group.application or 'no name'})" for group in groups})


def _has_happened(server: DatabaseServer, lost: _Unknown, expected: dict[str, int]) -> bool:
    """Asked when the server's process has ended: until then it may be about to commit."""
    try:
        _wait_for_end(server, lost.backend)
        return all(server.oid_of(name) == oid for name, oid in expected.items())
    except DatabaseError as error:
        raise DatabaseError(
            f"The session was lost during the swap, and it is not known whether it took place: {error.what}",
            "It happened completely or not at all. Run this step again when the server answers: it will find out.",
        ) from None


def _wait_for_end(server: DatabaseServer, backend: int) -> None:
    if not comes_true(lambda: not server.is_at_work(backend), within=_COMMIT_WITHIN, look_every=_END_EVERY):
        raise DatabaseError(f"The server's process {backend} is still running.")


def _failed(why: str, remedy: str, *, is_certain: bool = True) -> SwapFailed:
    what = f"The swap did not take place, nothing was changed: {why.rstrip('.')}."
    return SwapFailed(what, remedy, is_certain=is_certain)


def _remedy(server: DatabaseServer, in_use: Sequence[str], why: str) -> str:
    if _LOCKED in why:
        oids = [oid for name in in_use if (oid := server.oid_of(name)) is not None]
        holders = sorted({holder for oid in oids for holder in server.lock_holders(oid)})
        who = f"of {', '.join(holders)}" if holders else "of somebody on these databases or on the server's catalogs"
        return f"It waits for the transaction {who}: wait until that has ended."
    return ""
