"""Promise: rows are counted and names are read right in databases of every encoding, and come back."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.jobs.backups.preflight import preflight
from demo.postgres import EmbeddedPostgres
from tests.backups import Desk, counted_rows, difference, execute, manifest_rows, target

TEXTS = {
    "LATIN1": ("Größe", "déjà vu ÿ"),
    "EUC_JP": ("売上", "表十ソ能予"),
    "EUC_KR": ("매출", "대한민국"),
    "WIN1251": ("Продажи", "съешь ещё"),
    "UTF8": ("売上 😀", "Größe \u2028"),
}


@pytest.fixture
def databases(postgres_server: EmbeddedPostgres, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The URLs of two empty databases in the encoding that the test asks for."""
    names = [f"encoded_{secrets.token_hex(4)}" for _ in range(2)]
    for name in names:
        execute(
            postgres_server.url(),
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{request.param}' LOCALE_PROVIDER libc LOCALE 'C'",
        )
    yield postgres_server.url(names[0]), postgres_server.url(names[1])
    for name in names:
        postgres_server.drop_database(name)


@pytest.mark.parametrize(("databases", "texts"), TEXTS.items(), ids=TEXTS.keys(), indirect=["databases"])
def test_a_database_in_that_encoding_is_counted_and_comes_back(
    databases: tuple[str, str], texts: tuple[str, str], desk: Desk
) -> None:
    source, restored = databases
    name, text = texts
    with psycopg.connect(source, client_encoding="utf8") as connection:
        connection.execute(f'CREATE TABLE "{name}" (id serial PRIMARY KEY, "{name}" text)'.encode())
        connection.execute(f'CREATE SCHEMA "S {name}"; CREATE TABLE "S {name}"."{name}" (t text)'.encode())
        with connection.cursor().copy(f'COPY "{name}" ("{name}") FROM STDIN'.encode()) as rows:
            for number in range(1000):
                rows.write_row([f"{text}\n{number}\\"])
        with connection.cursor().copy(f'COPY "S {name}"."{name}" FROM STDIN'.encode()) as rows:
            rows.write_row([text])
    # Without globals: names of roles belong to no encoding, and those of the trap cannot be read from every database.
    manifest, folder = desk.back_up(source, globals=False)
    assert manifest_rows(manifest) == counted_rows(source) == {("public", name): 1000, (f"S {name}", name): 1}
    desk.programs.restore(folder, restored)
    assert difference(desk.programs.dump(source), desk.programs.dump(restored)) == []


@pytest.mark.parametrize("databases", ["SQL_ASCII"], indirect=True)
def test_a_database_without_an_encoding_is_counted_and_comes_back_whatever_bytes_are_in_it(
    databases: tuple[str, str], desk: Desk, tmp_path: Path
) -> None:
    source, restored = databases
    script = tmp_path / "bytes.sql"
    script.write_bytes(
        b"SET client_encoding = 'SQL_ASCII'; SET standard_conforming_strings = on;"
        b'CREATE TABLE "\xff\xe9" (t text); INSERT INTO "\xff\xe9" VALUES (\'x\');'
        b"CREATE TABLE mixed (t text); INSERT INTO mixed VALUES ('\xff\xfe\x80'), ('\xc3\xa9'), ('\x82\x5c');"
    )
    desk.programs.execute(source, script)
    manifest, folder = desk.back_up(source, globals=False)
    rows = manifest_rows(manifest)
    assert rows.pop(("public", "mixed")) == 3
    assert list(rows.values()) == [1]  # the table whose name is no text in any encoding
    desk.programs.restore(folder, restored)
    assert difference(desk.programs.dump(source), desk.programs.dump(restored)) == []


@pytest.mark.parametrize("databases", ["SQL_ASCII"], indirect=True)
@pytest.mark.parametrize("large", [b"films", b"\xff\xe9"], ids=["ascii", "beyond"])
def test_a_dominating_table_without_an_encoding_comes_back_over_several_connections_or_over_one(
    databases: tuple[str, str], desk: Desk, tmp_path: Path, large: bytes
) -> None:
    """Where a name is ASCII psql can be told of it; a name of unknown letters is left to pg_dump."""
    source, restored = databases
    small = b"\xff\xe9" if large.isascii() else b"films"
    script = tmp_path / "bytes.sql"
    script.write_bytes(
        b"SET client_encoding = 'SQL_ASCII'; SET standard_conforming_strings = on;"
        b"CREATE TABLE \"%s\" AS SELECT n, E'\xff\xfe\x80\\\\.\\n' || n AS t FROM generate_series(1, 20000) n;"
        b'CREATE TABLE "%s" (t text); INSERT INTO "%s" VALUES (\'\x82\x5c\'); VACUUM ANALYZE;' % (large, small, small)
    )
    desk.programs.execute(source, script)
    wanted: dict[str, Any] = {"jobs": 4, "split_above": 1, "globals": False}
    ready = preflight(target(desk.bucket, **wanted), DatabaseAddress.from_url(source), desk.programs.folder)
    assert (ready.split is not None) == large.isascii()

    manifest, folder = desk.back_up(source, **wanted)

    assert sorted(rows or 0 for rows in manifest_rows(manifest).values()) == [1, 20000]
    desk.programs.restore(folder, restored)
    assert difference(sorted(desk.programs.dump(source)), sorted(desk.programs.dump(restored))) == []
