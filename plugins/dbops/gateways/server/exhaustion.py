"""Reads how much of its numbers each sequence has given, and how old the transaction ids are. Read-only."""

from __future__ import annotations

from sqlalchemy import Connection, text

from dbops.domain.schema.exhaustion import SequenceUse, TransactionIds
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 300_000


def read_exhaustion(address: DatabaseAddress) -> tuple[list[SequenceUse], TransactionIds]:
    """Every sequence that can end, and the ages of transaction ids; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        return read_sequences(session), read_ids(session)


def read_sequences(session: Connection) -> list[SequenceUse]:
    """Every sequence that can end, once for each column that it fills."""
    return [SequenceUse(**row) for row in session.execute(text(catalog_sql("sequences_used"))).mappings()]


def read_ids(session: Connection) -> TransactionIds:
    """The ages of transaction ids."""
    return TransactionIds(**session.execute(text(catalog_sql("transaction_ids"))).mappings().one())
