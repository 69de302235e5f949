"""Promises of the table of contents: what we read from toc.dat is what pg_restore reads from it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg2
import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DumpFailed
from dbops.gateways.archive.toc import read_toc
from demo.postgres import EmbeddedPostgres


def dump(url: str, server: EmbeddedPostgres, directory: Path) -> Path:
    program = str(server.bin_dir / "pg_dump")
    environment = DatabaseAddress.from_url(url).libpq_environment()
    subprocess.run([program, "-Fd", "--compress=zstd:1", f"--file={directory}"], env=environment, check=True)
    return directory


def test_every_entry_that_pg_restore_lists_is_read_with_its_kind_and_name(
    empty_database: str, postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    with psycopg2.connect(empty_database) as connection, connection.cursor() as cursor:
        cursor.execute(
            """CREATE SCHEMA "my schema"; CREATE TABLE "my schema"."a table" (id serial PRIMARY KEY);
            CREATE TABLE "Größe" (a int); CREATE VIEW v AS SELECT 1 AS one; SELECT lo_from_bytea(0, 'x')"""
        )
    connection.close()
    archive = dump(empty_database, postgres_server, tmp_path / "archive")
    listing = subprocess.run(
        [str(postgres_server.bin_dir / "pg_restore"), "--list", str(archive)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    entries = {entry.dump_id: entry for entry in read_toc(archive / "toc.dat")}
    listed = [line.split("; ", 1) for line in listing.splitlines() if not line.startswith(";")]
    assert len(listed) >= 9
    for dump_id, description in listed:
        entry = entries[int(dump_id)]
        assert f" {entry.kind} {entry.schema or '-'} {entry.name}" in f" {description} "
    tables = {(entry.schema, entry.name): entry.file for entry in entries.values() if entry.kind == "TABLE DATA"}
    assert tables.keys() == {("my schema", "a table"), ("public", "Größe")}
    assert all((archive / f"{file}.zst").exists() for file in tables.values())


def test_names_are_read_in_the_encoding_of_the_database(postgres_server: EmbeddedPostgres, tmp_path: Path) -> None:
    connection = psycopg2.connect(postgres_server.url("postgres"))
    connection.autocommit = True
    connection.cursor().execute(
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    )
    latin = psycopg2.connect(postgres_server.url("latin"))
    latin.cursor().execute('CREATE TABLE "Größe" (a int)')
    latin.commit()
    latin.close()
    archive = dump(postgres_server.url("latin"), postgres_server, tmp_path / "archive")
    connection.cursor().execute("DROP DATABASE latin")
    connection.close()
    assert "Größe" in {entry.name for entry in read_toc(archive / "toc.dat")}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "ends too early"),
        (b"not an archive", "not written by pg_dump"),
        (b"PGDMP\x01\x63\x00\x04\x08\x03", r"format 1\.99, which this dbops does not know"),
        (b"PGDMP\x01\x10\x00\x04\x08\x03\x03", "ends too early"),
    ],
)
def test_what_is_no_archive_of_a_known_format_is_an_error(body: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "toc.dat"
    path.write_bytes(body)
    with pytest.raises(DumpFailed, match=sentence):
        read_toc(path)
