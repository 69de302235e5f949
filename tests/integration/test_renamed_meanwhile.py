"""Promise: who waits while a database is swapped is refused once, and told to try again."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.server.database import Database
from demo.postgres import EmbeddedPostgres
from tests.faults.job import wait_until

WAITS = "SELECT FROM pg_locks WHERE classid = 'pg_database'::regclass AND objid = %s AND NOT granted"


def test_who_waits_for_a_database_that_is_being_renamed_is_refused_once_and_told_to_try_again(
    postgres_server: EmbeddedPostgres,
) -> None:
    name, other = f"shop_{secrets.token_hex(4)}", f"shop_{secrets.token_hex(4)}"
    postgres_server.create_database(name)
    database = Database(DatabaseAddress.from_url(postgres_server.url(name)))
    oid = database.oid()
    try:
        with (
            psycopg.connect(postgres_server.url()) as swap,
            psycopg.connect(postgres_server.url(), autocommit=True) as looking,
            ThreadPoolExecutor(1) as pool,
        ):
            swap.execute(f"ALTER DATABASE {name} RENAME TO {other}".encode())
            waiting = pool.submit(database.oid)
            wait_until(lambda: bool(looking.execute(WAITS, [oid]).fetchall()), "a new session waits")
            swap.commit()
            with pytest.raises(DatabaseError, match=f'database "{name}" does not exist') as refused:
                waiting.result()
            assert refused.value.remedy.startswith("Try again: a swap, or somebody, has renamed or dropped it")

            with pytest.raises(DatabaseError, match=f'database "{name}" does not exist') as gone:
                database.oid()
            assert gone.value.remedy == "Correct the database or the user of the connection."
    finally:
        postgres_server.drop_database(other)
