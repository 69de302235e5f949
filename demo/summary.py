"""What `make demo` ends with: the newest backup as its manifest describes it, and how to go on from here."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from demo.errors import DemoError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class BackupSummary:
    """The few numbers of a manifest that a person wants to see."""

    backup_id: str
    location: str
    tables: int
    rows: int
    bytes: int
    files: int
    seconds: float

    @classmethod
    def newest(cls, client: S3Client, *, bucket: str, prefix: str) -> BackupSummary:
        """The newest backup below `<prefix>/backups/`; DemoError when there is none."""
        keys = [
            item["Key"]
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/backups/")
            for item in page.get("Contents", [])
            if item["Key"].endswith("/manifest.json")
        ]
        if not keys:
            raise DemoError(f"s3://{bucket}/{prefix}/backups/ holds no finished backup, although the run succeeded.")
        newest = max(keys)  # ids are UTC start times: their order is the order of time
        manifest = json.load(client.get_object(Bucket=bucket, Key=newest)["Body"])
        began, ended = (dt.datetime.fromisoformat(manifest[key]) for key in ("started", "finished"))
        return cls(
            backup_id=manifest["backup_id"],
            location=f"s3://{bucket}/{newest.removesuffix('manifest.json')}",
            tables=len(manifest["tables"]),
            rows=sum(table["rows"] or 0 for table in manifest["tables"]),
            bytes=sum(file["bytes"] for file in manifest["files"]),
            files=len(manifest["files"]),
            seconds=(ended - began).total_seconds(),
        )


def print_backup(console: Console, backup: BackupSummary) -> None:
    """The backup, one fact a line."""
    console.print()
    console.print(
        _facts(
            {
                "Backup": backup.backup_id,
                "Tables": f"{backup.tables:,}",
                "Rows": f"{backup.rows:,}",
                "Bytes": f"{backup.bytes:,} in {backup.files} files",
                "Seconds": f"{backup.seconds:.1f}",
                "Where": backup.location,
            }
        ),
        soft_wrap=True,
    )


def print_access(console: Console, *, url: str, users: Mapping[str, str], roles: Mapping[str, str]) -> None:
    """Where Airflow's UI is, and who may look at it."""
    console.print()
    console.print(_facts({"Airflow": url}), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for user, password in users.items():
        table.add_row(f"  {user}", password, roles[user])
    console.print(table)
    console.print()
    console.print(
        "The stack keeps running. make demo-status: what runs; make demo-env: variables for your own tools;\n"
        "make demo-stop: stop it, keep the data; make demo-clean: remove it with its data.",
        style="dim",
        soft_wrap=True,
    )


def _facts(facts: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(f"{name}", value)
    return table
