"""What tests of whole backups share: a target, its bucket, and a restore that uses nothing of dbops."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from dbops.domain.backups.report import BackupReport
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.s3 import S3Bucket, connect
from dbops.jobs.backups.back_up import back_up
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

NAME = "vault"


def target(bucket: str, *, storage: dict[str, Any] | None = None, **backup: Any) -> Target:
    """A target whose backups go to that bucket; keywords are its ``backup`` section."""
    return Target.model_validate(
        {
            "name": NAME,
            "connection": NAME,
            "environment": "development",
            "storage": {"bucket": bucket, "prefix": "team", **(storage or {})},
            "backup": backup,
        }
    )


@contextmanager
def opened(target: Target, server: SeaweedS3, *, endpoint_url: str | None = None) -> Iterator[S3Bucket]:
    """The target's bucket on that server, or through the proxy at ``endpoint_url``."""
    options = target.storage.s3
    client = connect(
        options=options,
        endpoint_url=endpoint_url or server.endpoint_url,
        region=server.region,
        access_key=server.access_key,
        secret_key=server.secret_key,
    )
    try:
        yield S3Bucket(client, target.storage.bucket, options)
    finally:
        client.close()


def backed_up(
    target: Target,
    url: str,
    store: SeaweedS3,
    programs: Path,
    *,
    ago: timedelta = timedelta(),
    endpoint_url: str | None = None,
) -> BackupReport:
    """Back the database at that URL up, by a clock that is ``ago`` behind."""
    with opened(target, store, endpoint_url=endpoint_url) as bucket:
        return back_up(
            target,
            DatabaseAddress.from_url(url),
            bucket,
            run="test",
            clock=lambda: datetime.now(UTC) - ago,
            programs=programs,
        )


def folder_of(report: BackupReport, bucket: str) -> str:
    """The key prefix of a backup."""
    return report.location.removeprefix(f"s3://{bucket}/")


def keys(client: S3Client, bucket: str, prefix: str = "") -> list[str]:
    """Every key below the prefix."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def unfinished_uploads(client: S3Client, bucket: str) -> list[str]:
    """The keys of multipart uploads that were neither completed nor aborted."""
    return [upload["Key"] for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


def download(client: S3Client, bucket: str, prefix: str, into: Path) -> dict[str, Any]:
    """Fetch every file of a backup the plain way, and return its manifest."""
    into.mkdir()
    for key in keys(client, bucket, prefix):
        client.download_file(bucket, key, str(into / key.removeprefix(prefix)))
    manifest: dict[str, Any] = json.loads((into / "manifest.json").read_bytes())
    return manifest


def sha256(path: Path) -> str:
    """As `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Programs:
    """PostgreSQL's own programs, called as a person would."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.folder = server.bin_dir

    def run(self, program: str, url: str, *arguments: str | Path, check: bool = True) -> str:
        """Run one on the database at that URL and return what it printed."""
        address = psycopg.conninfo.conninfo_to_dict(url)
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
        environment = {names[name]: str(value) for name, value in address.items()}
        done = subprocess.run(
            [str(self.folder / program), *map(str, arguments)],
            env={"PATH": os.environ["PATH"], "PGOPTIONS": "-c client_min_messages=warning", **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def execute(self, url: str, script: Path) -> None:
        """Run an SQL script, stopping at the first error."""
        self.run("psql", url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", script)

    def restore(self, archive: Path, url: str) -> None:
        """Restore a directory archive into an empty database, stopping at the first error.

        By one job: several give grants that build on one another in any order (dbops.domain.archives.load_passes).
        """
        database = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
        self.run("pg_restore", url, "-Fd", "--exit-on-error", f"--dbname={database}", archive)

    def dump(self, url: str) -> list[str]:
        """The whole database as the lines of an SQL script, the same for the same database: its only token is fixed."""
        return self.run("pg_dump", url, "--restrict-key=test").split("\n")


@dataclass(frozen=True)
class Desk:
    """Backs databases up into one bucket, and fetches what came out."""

    programs: Programs
    store: SeaweedS3
    client: S3Client
    bucket: str
    place: Path

    def back_up(
        self, url: str, *, storage: dict[str, Any] | None = None, endpoint_url: str | None = None, **backup: Any
    ) -> tuple[dict[str, Any], Path]:
        """The manifest of a new backup, and the folder into which it was fetched."""
        wanted = target(self.bucket, storage=storage, **backup)
        report = backed_up(wanted, url, self.store, self.programs.folder, endpoint_url=endpoint_url)
        folder = self.place / f"fetched-{secrets.token_hex(4)}"
        return download(self.client, self.bucket, folder_of(report, self.bucket), folder), folder


def execute(url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def difference(ours: list[str], theirs: list[str]) -> list[str]:
    """The lines around which two dumps first differ, shortened; empty when they are equal."""
    if ours == theirs:
        return []
    place = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    around = slice(max(0, place - 3), place + 4)
    return [f"- {line[:300]}" for line in ours[around]] + [f"+ {line[:300]}" for line in theirs[around]]


def counted_rows(url: str) -> dict[tuple[str, str], int | None]:
    """Rows of every table, its children's not among them; None for a partitioned one, which holds none itself."""
    with psycopg.connect(url) as connection:
        connection.execute("SET client_encoding = 'UTF8'")
        tables = connection.execute(
            """SELECT nspname, relname, relkind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
               WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema'"""
        ).fetchall()
        counts: dict[tuple[str, str], int | None] = {}
        for schema, name, kind in tables:
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, name))
            ).fetchone()
            counts[schema, name] = row[0] if row and kind in {"r", b"r"} else None
        return counts


def manifest_rows(manifest: dict[str, Any]) -> dict[tuple[str, str], int | None]:
    """Rows of every table that a manifest tells of."""
    return {(table["schema"], table["name"]): table["rows"] for table in manifest["tables"]}
