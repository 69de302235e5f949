# ruff: noqa: S608 - every statement is ours
"""Promise: however busy the database is, a backup is one moment of it."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.backups import Desk, execute
from tests.faults.hostile_s3 import HostileS3, Mischief, hostile_s3

ACCOUNTS, OPENING_BALANCE = 200, 1000
TABLES = ("checking", "savings", "brokerage")
WRITERS = 3
MEANWHILE = 150  # transactions that must commit between the first table's reading and the last one's


class Bank:
    """Money that is moved between accounts in several tables; every move is written down in two more."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.committed = [0] * WRITERS
        self._closing = threading.Event()
        # The vaults are larger than everything else, so that pg_dump's two workers read them first.
        execute(
            url,
            "CREATE EXTENSION pgcrypto",
            *(
                f"""CREATE TABLE vault_{n} AS
                    SELECT encode(gen_random_bytes(1000), 'base64') AS gold FROM generate_series(1, 16000)"""
                for n in (1, 2)
            ),
            *(
                f"""CREATE TABLE {table} AS
                    SELECT n AS id, {OPENING_BALANCE} AS balance FROM generate_series(1, {ACCOUNTS}) n"""
                for table in TABLES
            ),
            *(f"ALTER TABLE {table} ADD PRIMARY KEY (id)" for table in TABLES),
            *(
                f"CREATE TABLE {book} (writer int, n int, amount int, source text, sink text)"
                for book in ("ledger", "copy")
            ),
            "ANALYZE",  # pg_dump goes by the sizes that statistics tell
        )

    def write(self, writer: int) -> None:
        """Move money until the bank closes."""
        dice = random.Random(writer)  # noqa: S311 - moves no real money
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self._closing.is_set():
                source, sink = dice.sample(TABLES, 2)
                amount = dice.randint(1, 100)
                number = self.committed[writer] + 1
                with connection.transaction():
                    for table, change in ((source, -amount), (sink, amount)):
                        connection.execute(
                            f"UPDATE {table} SET balance = balance + %s WHERE id = %s".encode(),
                            # Each writer has accounts of its own: no deadlocks, and no waiting.
                            [change, dice.randrange(ACCOUNTS // WRITERS) * WRITERS + writer + 1],
                        )
                    for book in ("ledger", "copy"):
                        connection.execute(
                            f"INSERT INTO {book} VALUES (%s, %s, %s, %s, %s)".encode(),
                            [writer, number, amount, source, sink],
                        )
                self.committed[writer] = number

    def close(self) -> None:
        """Let the writers end."""
        self._closing.set()


@pytest.fixture
def bank(empty_database: str) -> Bank:
    return Bank(empty_database)


@pytest.fixture
def slow_store(desk: Desk) -> Iterator[HostileS3]:
    with hostile_s3(desk.store.endpoint_url) as proxy:
        yield proxy


def test_a_backup_made_while_others_write_is_one_snapshot(
    bank: Bank, desk: Desk, slow_store: HostileS3, restored_database: str
) -> None:
    """pg_dump is held while it reads the first tables, until many transactions have changed those it reads last."""
    slow_store.misbehave(Mischief.HOLD, when=lambda request: request.is_part)
    at_hold: list[int] = []

    def let_go_later() -> None:
        assert slow_store.holding.wait(60)
        at_hold.append(sum(bank.committed))
        while sum(bank.committed) < at_hold[0] + MEANWHILE:
            assert not ended.wait(0.01), "the backup ended while the store held it"
        slow_store.release()

    ended = threading.Event()
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        writers = [pool.submit(bank.write, number) for number in range(WRITERS)]
        watcher = pool.submit(let_go_later)
        try:
            _, folder = desk.back_up(
                bank.url,
                endpoint_url=slow_store.endpoint_url,
                storage={"part_size": "5MiB"},
                jobs=2,
                spool_cap="16MiB",
            )
        finally:
            ended.set()
            bank.close()
            slow_store.release()
        watcher.result()
        for writer in writers:
            writer.result()
    desk.programs.restore(folder, restored_database)
    _expect_one_moment(restored_database)
    moves = _numbers(restored_database, "ledger")
    assert sum(map(len, moves)) < at_hold[0] + MEANWHILE <= sum(bank.committed)


def _expect_one_moment(url: str) -> None:
    """Nothing was made or lost, every balance is what the moves say, and no move is missing or half there."""
    with psycopg.connect(url) as connection:
        for table in TABLES:
            row = connection.execute(
                f"""SELECT (SELECT sum(balance) FROM {table}),
                           %s + coalesce((SELECT sum(amount) FROM ledger WHERE sink = %s), 0)
                              - coalesce((SELECT sum(amount) FROM ledger WHERE source = %s), 0)""".encode(),
                [ACCOUNTS * OPENING_BALANCE, table, table],
            ).fetchone()
            assert row is not None
            assert row[0] == row[1]
    ledger = _numbers(url, "ledger")
    assert ledger == _numbers(url, "copy")
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in ledger)


def _numbers(url: str, book: str) -> list[list[int]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(f"SELECT writer, n FROM {book} ORDER BY 1, 2".encode()).fetchall()
    return [[n for by, n in rows if by == writer] for writer in range(WRITERS)]
