"""Promise: a backup that somebody forged with the key that writes makes the worker do nothing but refuse it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from dbops.domain.backups.backup import BackupManifest, FileEntry
from dbops.domain.backups.layout import Layout
from dbops.domain.report import Verdict
from dbops.errors import BackupUnusable
from dbops.gateways.archive import open_archive
from dbops.gateways.store.memory_bucket import InMemoryBucket
from tests.backups import execute
from tests.drills import Ground, public_folder
from tests.loading import Loader


@pytest.fixture
def witness() -> Iterator[Path]:
    """A file that every account could write, and that nothing may write."""
    with public_folder(0o777) as folder:
        yield folder / secrets.token_hex(4)


@pytest.mark.parametrize("forged", ["\\! id > {}", "COPY (SELECT 1) TO PROGRAM 'cat > {}';"], ids=["psql", "server"])
def test_commands_in_globals_are_refused_and_run_by_nobody(
    ground: Ground, empty_database: str, witness: Path, forged: str
) -> None:
    execute(empty_database, "CREATE TABLE t AS SELECT 1 n")
    ground.loader.back_up(empty_database)
    ground.loader.change_file("globals.sql", lambda body: body + forged.format(witness).encode() + b"\n")

    report = ground.drill(force=True)

    assert not witness.exists()
    assert report.verdict is Verdict.FAILED
    assert report.verification is not None
    (error,) = report.verification.errors
    assert "globals.sql, line" in error
    assert "holds something that pg_dumpall does not write" in error
    assert str(witness) not in error
    ground.expect_nothing_left()


IN_EBCDIC = ("SET client_encoding = 'UTF8';\n", "SET client_encoding = 'cp037';\n")
SECRET = "fernet_key = a file of the worker"


def out_of_the_spool(path: Path) -> str:
    """That file, as seen from any folder."""
    return f"{'../' * 12}{str(path)[1:]}"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the worker that is nobody's business."""
    path = tmp_path / "airflow.cfg"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.mark.parametrize("name", ["/{}", "../{}", "a/../../{}", "{}-", ".", "..", "", "a\n"])
def test_a_manifest_with_a_path_for_a_name_is_refused_before_anything_is_made(
    loader: Loader, empty_database: str, witness: Path, name: str
) -> None:
    """In a bucket of memory: some stores keep each key as it is, others join slashes."""
    execute(empty_database, "CREATE TABLE t AS SELECT 1 n")
    archive = loader.back_up(empty_database)
    stray = FileEntry(name.format(out_of_the_spool(witness)), 5, hashlib.sha256(b"stray").hexdigest())
    loader.change_manifest(files=(*archive.manifest.files, stray))
    bucket = InMemoryBucket("vault", lambda: datetime.now(UTC))
    for stored in loader.bucket.list(""):
        bucket.put(stored.key, loader.bucket.get(stored.key))
    bucket.put(archive.folder + stray.name, b"stray")

    with pytest.raises(BackupUnusable, match=r"manifest\.json names a file that no backup contains"):
        open_archive(bucket, loader.target, loader.backup_id)


@pytest.mark.parametrize("removed", [True, False], ids=["instead", "beside"])
def test_a_table_of_contents_reads_no_file_of_the_worker(
    loader: Loader, empty_database: str, secret: Path, removed: bool
) -> None:
    execute(empty_database, "CREATE TABLE t (line text)", "INSERT INTO t VALUES ('x')")
    archive = loader.back_up(empty_database)
    (data,) = [entry.file for entry in archive.entries if entry.kind == "TABLE DATA" and entry.file]
    loader.change_file("toc.dat", lambda toc: swapped(toc, data, out_of_the_spool(secret)))
    if removed:
        loader.change_manifest(files=tuple(file for file in files_of(loader) if not file.name.startswith(data)))

    with pytest.raises(BackupUnusable, match=r"toc\.dat names data files that the manifest does not"):
        loader.open()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("BLOBS\0", r"cannot be read: a text has a NUL in it"), ("BLOBS", r"names data files that the manifest does not")],
)
def test_a_table_of_contents_says_the_same_to_us_and_to_pg_restore(
    loader: Loader, empty_database: str, kind: str, sentence: str
) -> None:
    """pg_restore reads a text up to its NUL, and takes the data of what it calls BLOBS for names of files."""
    execute(empty_database, "CREATE TABLE t AS SELECT 1 n")
    loader.back_up(empty_database)
    loader.change_file("toc.dat", lambda toc: swapped(swapped(toc, "TABLE DATA", kind), *IN_EBCDIC))

    with pytest.raises(BackupUnusable, match=sentence):
        loader.open()


def test_a_list_of_large_objects_reads_no_file_of_the_worker(
    loader: Loader, empty_database: str, restored_database: str, secret: Path
) -> None:
    execute(empty_database, "SELECT lo_from_bytea(0, decode(repeat('ab', 3000), 'hex'))")
    archive = loader.back_up(empty_database)
    (listed,) = [file.name for file in archive.manifest.files if file.name.endswith(".toc")]
    loader.change_file(listed, lambda body: body.split(b" ")[0] + f" {out_of_the_spool(secret)}\n".encode())

    with pytest.raises(BackupUnusable, match=rf"{listed} is no list of large objects"):
        loader.load(loader.open(), restored_database)

    with psycopg.connect(restored_database) as connection:
        found = connection.execute("SELECT lo_get(oid) FROM pg_largeobject_metadata").fetchall()
    assert SECRET.encode() not in b"".join(body for (body,) in found)


def files_of(loader: Loader) -> tuple[FileEntry, ...]:
    body = loader.bucket.get(Layout(loader.target.root).manifest(loader.backup_id))
    return BackupManifest.from_json(body).files


def swapped(toc: bytes, old: str, new: str) -> bytes:
    """A table of contents in which a text is another one."""

    def field(text: str) -> bytes:
        return b"\0" + len(text).to_bytes(4, "little") + text.encode()

    assert field(old) in toc
    return toc.replace(field(old), field(new))
