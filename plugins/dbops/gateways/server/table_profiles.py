"""Asks a table what its rows obey: one statement, bounded in time, answered by yes, no and a number. Read-only."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from sqlalchemy import text

from dbops.domain.schema.starter_suite import Answers, Candidate, Key
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import TableName, in_sql
from dbops.errors import DatabaseError
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import Begin, reading, readings

_CATALOG_TIMEOUT_MS = 300_000
_TABLE_SECONDS = 10.0
_READ_ALL = 2_000_000  # rows; of more than these a sample is asked
_SAMPLE = 200_000


def read_keys(address: DatabaseAddress) -> dict[TableName, list[Key]]:
    """What is unique in each table and where its foreign keys lead; raises DatabaseError."""
    found: dict[TableName, list[Key]] = {}
    with reading(address, timeout_ms=_CATALOG_TIMEOUT_MS) as session:
        for row in session.execute(text(catalog_sql("table_keys"))):
            parent = (row.parent_schema, row.parent) if row.parent else None
            key = Key(tuple(row.columns), row.predicate, parent, tuple(row.parent_columns or ()))
            keys = found.setdefault((row.schema, row.name), [])
            if key not in keys:
                keys.append(key)
    return found


def read_estimates(address: DatabaseAddress) -> dict[TableName, int]:
    """What the last VACUUM or ANALYZE knew of each table's rows; raises DatabaseError."""
    with reading(address, timeout_ms=_CATALOG_TIMEOUT_MS) as session:
        return {(row.schema, row.name): row.estimate for row in session.execute(text(catalog_sql("live_tables")))}


def ask(
    address: DatabaseAddress,
    tables: Mapping[TableName, Sequence[Candidate]],
    estimates: Mapping[TableName, int],
    *,
    budget: float = 300.0,
) -> dict[TableName, Answers]:
    """The answers of every table that gave them within ``budget`` seconds for all; smallest tables first."""
    deadline = time.monotonic() + budget
    found = {}
    with readings(address) as begin:
        for name in sorted(tables, key=lambda one: (estimates.get(one, 0), one)):
            left = min(_TABLE_SECONDS, deadline - time.monotonic())
            answers = _asked(begin, name, tables[name], estimates.get(name, 0), left)
            if answers is not None:
                found[name] = answers
    return found


def _asked(begin: Begin, name: TableName, asked: Sequence[Candidate], estimate: int, seconds: float) -> Answers | None:
    if seconds <= 0:
        return None
    table = in_sql(*name)
    if estimate <= _READ_ALL and (answers := _answers(begin, table, asked, seconds)):
        return answers
    if estimate <= _SAMPLE:
        return None
    sampled = f"{table} TABLESAMPLE SYSTEM ({100 * _SAMPLE / estimate:.4f}) REPEATABLE (1)"
    answers = _answers(begin, sampled, asked, seconds)
    return None if answers is None else Answers(estimate, answers.holds, exact=False)


def _answers(begin: Begin, source: str, asked: Sequence[Candidate], seconds: float) -> Answers | None:
    """None where the table may not be read, is locked, or takes too long."""
    columns = ", ".join(["count(*)", *(candidate.holds for candidate in asked)])
    try:
        with begin(max(1, int(seconds * 1000))) as session:
            session.execute(text("SET LOCAL lock_timeout = '1s'"))  # a migration's lock is not worth waiting behind
            query = f"SELECT {columns} FROM {source}"  # noqa: S608 - every name is quoted
            rows, *holds = session.exec_driver_sql(query.replace("%", "%%")).one()
    except DatabaseError:
        return None
    return Answers(int(rows), tuple(bool(one) for one in holds))
