"""Scratch databases that killed jobs have left on a server which all tests share."""

from __future__ import annotations

import psycopg
from psycopg import sql

from demo.postgres import EmbeddedPostgres
from tests.backups import NAME


def drop_scratch_databases(server: EmbeddedPostgres) -> None:
    """Drop them: some minutes later a test of another role would find them abandoned, and may not drop them."""
    with psycopg.connect(server.url(), autocommit=True) as session:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        for (name,) in session.execute(query, [f"dbops_drill_{NAME}_"]).fetchall():
            session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
