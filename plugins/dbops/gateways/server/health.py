"""Reads the health panel: what a server's latency depends on, each thing by itself. Read-only, and never in the way.

Every question has a transaction of its own, with short time limits: one that the server refuses, or that takes too
long, is an item of which that is said, and takes no other down. None of them locks a table of the application.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg2
from psycopg2 import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from dbops.domain.health.bloat import INDEX_BLOAT, LEAST_PAGES, TABLE_BLOAT, Stored, index_bloat, table_bloat
from dbops.domain.health.cache import CACHE, CacheUse, cache_hits
from dbops.domain.health.concern import Concern, HealthServer
from dbops.domain.health.connections import CONNECTIONS, ConnectionUse, connections
from dbops.domain.health.costly_statements import COSTLY, StatementCost, costliest, not_installed
from dbops.domain.health.exhaustion import IDS, SEQUENCES, ages, sequences
from dbops.domain.health.indexes import (
    DUPLICATE,
    INVALID,
    UNUSED,
    UNUSED_BYTES,
    InvalidIndex,
    TwinIndex,
    UnusedIndex,
    duplicate,
    invalid,
    unused,
)
from dbops.domain.health.item import HealthItem
from dbops.domain.health.replication import REPLICAS, SLOTS, Replica, Slot, replicas, slots
from dbops.domain.health.sessions import LockSession, OpenTransaction, SessionLimits, blocked, transactions
from dbops.domain.health.tables import DEAD_ROWS, LEAST_ROWS, NEVER, TableRows, dead_rows, never_maintained
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.connecting import engine
from dbops.gateways.server.exhaustion import read_ids, read_sequences
from dbops.gateways.server.refusals import code_of, harmless_line, is_time_out, meaning
from dbops.gateways.server.sessions import unreachable

_STATEMENT_MS, _LOCK_MS = 5_000, 1_000

T = TypeVar("T")


@dataclass(frozen=True)
class _Question:
    """What is asked in one transaction, and the concerns that are unknown where it is refused."""

    concerns: tuple[Concern, ...]
    ask: Callable[[Connection, HealthServer], Sequence[HealthItem]]


def read_health(address: DatabaseAddress, limits: SessionLimits | None = None) -> tuple[HealthItem, ...]:
    """The panel, in the order in which people read it; raises DatabaseError where there is no session to be had."""
    kept = engine(address, poolclass=QueuePool, pool_size=1, max_overflow=0)
    items: list[HealthItem] = []
    try:
        with kept.connect() as session:
            _begin(session)
            server = _all(session, HealthServer, "health_server")[0]
        for question in _questions(limits or SessionLimits()):
            with kept.connect() as session:  # the same session again, or a new one where that was ended
                items += _answers(question, session, server)
    except psycopg2.Error as error:
        raise unreachable(str(error), address) from None
    except DBAPIError as error:
        raise unreachable(str(error.orig), address) from None
    finally:
        kept.dispose()
    return tuple(items)


def _begin(session: Connection) -> None:
    session.execute(text("SET TRANSACTION READ ONLY"))
    # For this transaction only, for behind a pooler the next one may run in another session.
    session.execute(
        text(f"SET LOCAL statement_timeout = {_STATEMENT_MS}; SET LOCAL lock_timeout = {_LOCK_MS}; SET LOCAL jit = off")
    )


def _answers(question: _Question, session: Connection, server: HealthServer) -> Sequence[HealthItem]:
    try:
        _begin(session)
        return question.ask(session, server)
    except DBAPIError as error:
        return [_refused(concern, error.orig, server) for concern in question.concerns]


def _refused(concern: Concern, error: BaseException | None, server: HealthServer) -> HealthItem:
    if error is None or not code_of(error):
        return concern.unknown("the session was ended meanwhile", "The server's log says by whom, and why.")
    if isinstance(error, errors.InsufficientPrivilege):
        return concern.hidden("our role may not read it", server.monitoring)
    if is_time_out(error):
        return concern.unknown(
            "the server took too long to answer", "Check whether it is busy, and run the probes again."
        )
    line = harmless_line(error)
    if line is None:
        return concern.unknown(f"the server could not say: {meaning(error)}", "The server's log says more.")
    asks = isinstance(error, errors.ObjectNotInPrerequisiteState)
    remedy = "Do what the server asks for." if asks else "The server's log says more."
    return concern.unknown(f"the server refused: {line}", remedy)


def _all(session: Connection, kind: Callable[..., T], query: str, **parameters: Any) -> list[T]:
    """What that query of include/sql/catalog has found, a ``kind`` each."""
    return [kind(**row) for row in session.execute(text(catalog_sql(query)), parameters).mappings()]


def _table_rows(session: Connection, server: HealthServer) -> Sequence[HealthItem]:
    tables = _all(session, TableRows, "health_tables", least=LEAST_ROWS)
    return dead_rows(tables, server), never_maintained(tables)


def _statements(session: Connection, server: HealthServer) -> Sequence[HealthItem]:
    if server.statements_view is None:
        return [not_installed()]
    query = catalog_sql("health_statements").replace("{view}", server.statements_view.replace(":", "\\:"))
    return [costliest([StatementCost(**row) for row in session.execute(text(query)).mappings()], server)]


def _questions(limits: SessionLimits) -> tuple[_Question, ...]:
    return (
        _Question((CONNECTIONS,), lambda s, _: [connections(_all(s, ConnectionUse, "health_connections"))]),
        _Question((CACHE,), lambda s, server: [cache_hits(_all(s, CacheUse, "health_cache")[0], server)]),
        _Question(
            (limits.longest, limits.idle),
            lambda s, server: transactions(_all(s, OpenTransaction, "health_transactions"), server, limits),
        ),
        _Question((limits.blocked,), lambda s, _: [blocked(_all(s, LockSession, "health_blocked"), limits)]),
        _Question((DEAD_ROWS, NEVER), _table_rows),
        _Question(
            (TABLE_BLOAT,),
            lambda s, server: [table_bloat(_all(s, Stored, "health_table_bloat", pages=LEAST_PAGES), server)],
        ),
        _Question(
            (INDEX_BLOAT,),
            lambda s, server: [index_bloat(_all(s, Stored, "health_index_bloat", pages=LEAST_PAGES), server)],
        ),
        _Question(
            (UNUSED,),
            lambda s, server: [unused(_all(s, UnusedIndex, "health_unused_indexes", bytes=UNUSED_BYTES), server)],
        ),
        _Question((DUPLICATE,), lambda s, _: [duplicate(_all(s, TwinIndex, "health_duplicate_indexes"))]),
        _Question((INVALID,), lambda s, server: [invalid(_all(s, InvalidIndex, "health_invalid_indexes"), server)]),
        _Question((SEQUENCES,), lambda s, server: [sequences(read_sequences(s), server)]),
        _Question((IDS,), lambda s, _: [ages(read_ids(s))]),
        _Question((SLOTS,), lambda s, _: [slots(_all(s, Slot, "health_slots"))]),
        _Question((REPLICAS,), lambda s, server: [replicas(_all(s, Replica, "health_replicas"), server)]),
        _Question((COSTLY,), _statements),
    )
