"""swap_databases: two renames and all that belongs to the name, in one transaction: it happens whole, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import text

from dbops.errors import DatabaseError, PlanChanged, SwapFailed
from dbops.gateways.database_server import DatabaseServer
from dbops.gateways.sessions import changing
from dbops.gateways.sql_files import catalog_sql

_ATTEMPTS = 3
_END_EVERY = 0.2
_IN_USE = "is being accessed by other users"


def swap_databases(
    server: DatabaseServer, statements: Sequence[str], *, expected: dict[str, int], in_use: Sequence[str]
) -> None:
    """Run the statements in one transaction while the sessions of the databases ``in_use`` are ended.

    ``expected`` are the oids that the names must have afterwards. While the first rename waits for the sessions to end
    it holds the lock that new ones need: nobody gets in between. Raises PlanChanged and SwapFailed; then nothing was
    changed. Where the connection breaks at the very end, the server is asked whether it happened.
    """
    refusal: DatabaseError | None = None
    for _ in range(_ATTEMPTS):
        try:
            with _ending_sessions(server, in_use):
                _transaction(server, statements, expected)
        except DatabaseError as error:
            if _has_happened(server, expected):
                return
            refusal = error
            if _IN_USE not in error.what:
                break
        else:
            return
    assert refusal is not None  # noqa: S101 - the loop ends no other way
    raise SwapFailed(f"The swap did not take place, nothing was changed: {refusal.what}", _remedy(server, in_use))


def _transaction(server: DatabaseServer, statements: Sequence[str], expected: dict[str, int]) -> None:
    with changing(server.elsewhere) as session:
        session.execute(text("SET lock_timeout = '10s'"))
        session.execute(text("BEGIN"))
        for statement in statements:
            session.exec_driver_sql(statement.replace("%", "%%"))
        query = text("SELECT datname::text, oid::bigint FROM pg_database WHERE datname = ANY (:names)")
        found = {row.datname: row.oid for row in session.execute(query, {"names": list(expected)})}
        if found != expected:
            session.execute(text("ROLLBACK"))
            raise PlanChanged(
                "A database is not the one that was planned with: somebody has renamed, dropped or made one.",
                "Nothing was changed. Start a new run.",
            )
        session.execute(text("COMMIT"))


@contextmanager
def _ending_sessions(server: DatabaseServer, names: Sequence[str]) -> Iterator[None]:
    """End the sessions of these databases again and again, from a session of its own."""
    over = threading.Event()
    with changing(server.elsewhere) as session:

        def end() -> None:
            while not over.wait(_END_EVERY):
                try:
                    session.execute(text(catalog_sql("end_sessions")), {"names": list(names)})
                except Exception:  # noqa: BLE001 - the rename says what is left
                    return

        ending = threading.Thread(target=end, name="end sessions", daemon=True)
        ending.start()
        try:
            yield
        finally:
            over.set()
            ending.join()


def _has_happened(server: DatabaseServer, expected: dict[str, int]) -> bool:
    return all(server.oid_of(name) == oid for name, oid in expected.items())


def _remedy(server: DatabaseServer, in_use: Sequence[str]) -> str:
    left = []
    for name in in_use:
        oid = server.oid_of(name)
        left += [] if oid is None else [group for group in server.sessions(oid) if not group.may_end]
    if not left:
        return "The restored database is still there: start the swap again, by a new run."
    who = ", ".join(sorted({f"{group.role} ({group.application or 'no name'})" for group in left}))
    return (
        f"Our role may not end the sessions of {who}: GRANT pg_signal_backend to it, or stop these clients, and start "
        "a new run."
    )
