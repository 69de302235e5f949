"""Backups of the sample database that are held where pg_dump begins, for as long as a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from demo.postgres import EmbeddedPostgres
from demo.target import NAME

UNHURRIED = {"lock_wait_timeout": None}
"""The backup section of a target that can be held: by itself it gives up after a minute."""


@contextmanager
def holding_dumps(postgres: EmbeddedPostgres) -> Iterator[None]:
    """Lock a table that every pg_dump has to lock first."""
    with psycopg.connect(postgres.url(NAME)) as session:
        session.execute('LOCK TABLE "Tag" IN ACCESS EXCLUSIVE MODE')
        yield


def is_held(postgres: EmbeddedPostgres) -> bool:
    """Whether a pg_dump is held by now."""
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(postgres.url(NAME)) as session:
        return bool(session.execute(query).fetchall())
