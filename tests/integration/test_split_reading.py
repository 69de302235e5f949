# ruff: noqa: S608 - every statement is ours
"""Promise: a table that several connections read comes back as pg_dump alone would have brought it back."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import in_sql
from dbops.errors import DumpFailed
from dbops.gateways.split_dump.split_table import SplitTable
from dbops.jobs.backups.preflight import preflight
from tests.backups import Desk, counted_rows, difference, execute, keys, manifest_rows, target
from tests.faults.hostile_s3 import Mischief, hostile_s3

SPLIT: dict[str, Any] = {"jobs": 4, "split_above": 1}
READERS = 3

# One table that dominates and has in it what reading by hand gets wrong, and a little of everything else around it.
_DIFFICULT = (
    "CREATE EXTENSION pgcrypto",
    'CREATE SCHEMA "two words"',
    """CREATE TYPE mood AS ENUM ('sad', 'it''s "fine"')""",
    """CREATE TABLE "two words"."Big ""one"" é" (
        gone int,
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        "Select" text,
        twice bigint GENERATED ALWAYS AS (length("Select") * 2) STORED,
        "a,b) FROM stdin;" jsonb,
        raw bytea,
        mood mood,
        at timestamptz,
        span interval,
        ratio float8,
        long text)""",
    """ALTER TABLE "two words"."Big ""one"" é" DROP COLUMN gone""",
    r"""INSERT INTO "two words"."Big ""one"" é" ("Select", "a,b) FROM stdin;", raw, mood, at, span, ratio, long)
        SELECT CASE n % 7 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'\\.' WHEN 3 THEN E'a\nb\tc\rd\\'
                          WHEN 4 THEN '\N' WHEN 5 THEN E'\\.\n\n\n' ELSE 'größe ' || n END,
               jsonb_build_object('n', n, 'text', E'\\.\n'), decode(lpad(to_hex(n), 8, '0'), 'hex'),
               CASE n % 2 WHEN 0 THEN 'sad'::mood ELSE 'it''s "fine"' END, timestamptz '2026-01-01' + n * interval '1s',
               n * interval '1 day 2 hours', n / 3.0,
               CASE WHEN n % 500 = 0 THEN (SELECT string_agg(encode(gen_random_bytes(900), 'base64'), '')
                                           FROM generate_series(1, 400) WHERE n IS NOT NULL) ELSE repeat('x', 900) END
        FROM generate_series(1, 6000) n""",
    """DELETE FROM "two words"."Big ""one"" é" WHERE id % 11 = 0""",
    'CREATE TABLE child (CHECK (id > 0)) INHERITS ("two words"."Big ""one"" é")',
    "CREATE TABLE other AS SELECT n AS id FROM generate_series(1, 500) n",
    "CREATE TABLE nothing ()",
    "CREATE VIEW odd AS SELECT * FROM other WHERE id % 2 = 1",
    "CREATE MATERIALIZED VIEW even AS SELECT * FROM other WHERE id % 2 = 0",
    "SELECT lo_from_bytea(0, decode(repeat('ab', 3000), 'hex')) FROM generate_series(1, 3)",
    "VACUUM ANALYZE",
)
BIG = ("two words", 'Big "one" é')


def test_it_restores_to_the_same_database_row_by_row(desk: Desk, empty_database: str, restored_database: str) -> None:
    execute(empty_database, *_DIFFICULT)
    expect_split(desk, empty_database, BIG)

    manifest, folder = desk.back_up(empty_database, **SPLIT)

    assert manifest_rows(manifest) == counted_rows(empty_database)
    desk.programs.restore(folder, restored_database)
    theirs, ours = (sorted(desk.programs.dump(url)) for url in (empty_database, restored_database))
    assert difference(ours, theirs) == []


def test_what_lies_in_the_bucket_is_what_pg_dump_alone_would_have_put_there(desk: Desk, empty_database: str) -> None:
    execute(empty_database, *_DIFFICULT)

    split, folder = desk.back_up(empty_database, **SPLIT)
    plain, plain_folder = desk.back_up(empty_database, jobs=4, split_above=None)

    assert [file["name"] for file in split["files"]] == [file["name"] for file in plain["files"]]
    assert split["tables"] == plain["tables"]
    listings = [desk.programs.run("pg_restore", empty_database, "--list", place) for place in (folder, plain_folder)]
    entries = [[line for line in listing.splitlines() if not line.startswith(";")] for listing in listings]
    assert entries[0] == entries[1]


def test_it_is_one_snapshot_however_many_connections_read(
    desk: Desk, empty_database: str, restored_database: str
) -> None:
    """Rows are moved about in the table, to other pages, while the store holds up who reads it."""
    accounts, balance = 16000, 1000
    execute(
        empty_database,
        "CREATE EXTENSION pgcrypto",
        f"""CREATE TABLE vault AS SELECT n AS id, {balance} AS balance, encode(gen_random_bytes(1000), 'base64') AS gold
            FROM generate_series(1, {accounts}) n""",
        "ALTER TABLE vault ADD PRIMARY KEY (id)",
        "CREATE TABLE other AS SELECT 1 AS id",
        "VACUUM ANALYZE",
    )
    expect_split(desk, empty_database, ("public", "vault"))
    over = threading.Event()
    moves = 0

    def move() -> None:
        nonlocal moves
        dice = random.Random(7)  # noqa: S311 - moves no real money
        with psycopg.connect(empty_database, autocommit=True) as connection:
            while not over.is_set():
                source, sink = dice.sample(range(1, accounts + 1), 2)
                with connection.transaction():
                    connection.execute("UPDATE vault SET balance = balance - 5 WHERE id = %s", [source])
                    connection.execute("UPDATE vault SET balance = balance + 5 WHERE id = %s", [sink])
                moves += 1

    with hostile_s3(desk.store.endpoint_url) as store, ThreadPoolExecutor(2) as pool:
        store.misbehave(Mischief.HOLD, when=lambda request: request.is_part)
        writer = pool.submit(move)

        def release() -> None:
            assert store.holding.wait(60)
            held = moves
            while moves < held + 300 and not over.wait(0.01):
                pass
            store.release()

        releaser = pool.submit(release)
        try:
            desk_backup = desk.back_up(
                empty_database,
                endpoint_url=store.endpoint_url,
                storage={"part_size": "5MiB"},
                spool_cap="8MiB",
                **SPLIT,
            )
        finally:
            over.set()
            store.release()
        releaser.result()
        writer.result()
    assert moves >= 300
    desk.programs.restore(desk_backup[1], restored_database)
    with psycopg.connect(restored_database) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT id), sum(balance) FROM vault").fetchone()
    assert row == (accounts, accounts, accounts * balance)


def test_a_table_that_was_emptied_since_it_was_analyzed_is_empty(desk: Desk, empty_database: str) -> None:
    execute(
        empty_database,
        "CREATE TABLE films AS SELECT n FROM generate_series(1, 90000) n",
        "VACUUM ANALYZE",
        "TRUNCATE films",
    )
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("UPDATE pg_class SET relpages = 400 WHERE relname = 'films'")
    expect_split(desk, empty_database, ("public", "films"))

    manifest, _ = desk.back_up(empty_database, **SPLIT)

    assert manifest_rows(manifest) == {("public", "films"): 0}


def test_a_database_of_another_encoding_is_split_where_its_names_are_ascii(
    desk: Desk, empty_database: str, restored_database: str
) -> None:
    source, copy = empty_database + "_latin1", restored_database + "_latin1"
    for url in (source, copy):
        name = url.rpartition("/")[2]
        execute(empty_database, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        execute(
            source,
            "CREATE TABLE films AS SELECT n, 'größe ' || n AS t FROM generate_series(1, 20000) n",
            "VACUUM ANALYZE",
        )
        expect_split(desk, source, ("public", "films"))

        _, folder = desk.back_up(source, **SPLIT)

        desk.programs.restore(folder, copy)
        assert difference(sorted(desk.programs.dump(copy)), sorted(desk.programs.dump(source))) == []
    finally:
        for url in (source, copy):
            execute(empty_database, f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


# Partitions by the hash of an enum: pg_dump writes `COPY <the partitioned table>` for them, which loads them by it.
_ROOT = '"two words"."all ""of"" it"'
_LABELS = ", ".join(f"'m{n}'" for n in range(32))
_BY_ENUM = (
    'CREATE SCHEMA "two words"',
    f"CREATE TYPE mood AS ENUM ({_LABELS})",
    f'CREATE TABLE {_ROOT} (id int, "how) FROM stdin;" mood, pad text) PARTITION BY HASH ("how) FROM stdin;")',
    f"""CREATE TABLE "Part, 'é" PARTITION OF {_ROOT} FOR VALUES WITH (MODULUS 2, REMAINDER 0)""",
    f"CREATE TABLE part PARTITION OF {_ROOT} FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
    "CREATE TABLE other AS SELECT 1 AS id",
    f"INSERT INTO {_ROOT} SELECT n, ('m' || n)::mood, '' FROM generate_series(0, 31) n",
)


@pytest.mark.parametrize("name", ["Part, 'é", "part"])
def test_a_partition_that_is_loaded_by_its_root_is_read_by_its_own_name(
    desk: Desk, empty_database: str, restored_database: str, name: str
) -> None:
    execute(
        empty_database,
        *_BY_ENUM,
        # Which label belongs to which partition is chance.
        f"""INSERT INTO {_ROOT} SELECT n, (SELECT min("how) FROM stdin;") FROM {in_sql(name)}), repeat('x', 200)
            FROM generate_series(1, 20000) n""",
        "VACUUM ANALYZE",
    )
    expect_split(desk, empty_database, ("public", name))

    manifest, folder = desk.back_up(empty_database, **SPLIT)

    assert manifest_rows(manifest) == counted_rows(empty_database)
    desk.programs.restore(folder, restored_database)
    with psycopg.connect(empty_database) as theirs, psycopg.connect(restored_database) as ours:
        query = f"SELECT * FROM {_ROOT} ORDER BY id, pad".encode()
        assert ours.execute(query).fetchall() == theirs.execute(query).fetchall()


def test_a_large_table_that_is_read_without_any_of_its_rows_is_no_backup(
    desk: Desk, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a reader asks for: what the same snapshot has of the table is asked of the server in other words."""
    execute(
        empty_database,
        "CREATE TABLE films AS SELECT n FROM generate_series(1, 90000) n",
        "CREATE TABLE nobody (n int)",
        "VACUUM ANALYZE",
    )
    expect_split(desk, empty_database, ("public", "films"))
    of_entry = SplitTable.of

    def misled(entry: TocEntry, pages: int, readers: int) -> SplitTable:
        return replace(of_entry(entry, pages, readers), relation="public.nobody")

    monkeypatch.setattr(SplitTable, "of", misled)

    with pytest.raises(DumpFailed, match=r"No row of table public\.films was read, and it has some\."):
        desk.back_up(empty_database, **SPLIT)

    assert not any(key.endswith("manifest.json") for key in keys(desk.client, desk.bucket))


def test_a_large_table_of_dead_rows_alone_is_empty(desk: Desk, empty_database: str) -> None:
    execute(
        empty_database,
        "CREATE TABLE films AS SELECT n FROM generate_series(1, 90000) n",
        "VACUUM ANALYZE",
        "ALTER TABLE films SET (autovacuum_enabled = off)",
        "DELETE FROM films",
    )
    expect_split(desk, empty_database, ("public", "films"))

    manifest, _ = desk.back_up(empty_database, **SPLIT)

    assert manifest_rows(manifest) == {("public", "films"): 0}


def expect_split(desk: Desk, url: str, table: tuple[str, str]) -> None:
    """The test tests what it says it does."""
    ready = preflight(target(desk.bucket, **SPLIT), DatabaseAddress.from_url(url), desk.programs.folder)
    assert ready.split is not None
    assert (ready.split.tables, ready.split.readers) == ((table,), READERS)
