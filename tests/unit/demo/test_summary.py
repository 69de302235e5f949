from __future__ import annotations

import io
import json
from typing import Any, cast

import pytest
from rich.console import Console

from demo.errors import DemoError
from demo.summary import BackupSummary, print_access, print_backup


class Bucket:
    """The two calls of an S3 client that a summary is made with."""

    def __init__(self, objects: dict[str, dict[str, Any]]) -> None:
        self.objects = objects

    def get_paginator(self, operation: str) -> Bucket:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: ARG002, N803 - boto3's own names
        return [{"Contents": [{"Key": key}]} for key in self.objects if key.startswith(Prefix)] or [{}]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: ARG002, N803
        return {"Body": io.BytesIO(json.dumps(self.objects[Key]).encode())}


def manifest(backup_id: str) -> dict[str, Any]:
    return {
        "backup_id": backup_id,
        "started": "2026-11-22T02:00:00Z",
        "finished": "2026-11-22T02:00:12.5Z",
        "tables": [
            {"schema": "public", "name": "A", "rows": 10, "bytes": 100},
            {"schema": "public", "name": "B", "rows": None, "bytes": 5},
        ],
        "files": [{"name": "toc.dat", "bytes": 7, "sha256": ""}, {"name": "1.dat.zst", "bytes": 90, "sha256": ""}],
    }


def newest(objects: dict[str, dict[str, Any]]) -> BackupSummary:
    return BackupSummary.newest(cast("Any", Bucket(objects)), bucket="b", prefix="t")


def test_the_newest_backup_is_told_with_its_numbers() -> None:
    old, new = "20261121T020000Z", "20261122T020000Z"

    summary = newest({f"t/backups/{name}/manifest.json": manifest(name) for name in (new, old)})

    assert summary == BackupSummary(new, f"s3://b/t/backups/{new}/", tables=2, rows=10, bytes=97, files=2, seconds=12.5)


def test_a_backup_without_a_manifest_is_none() -> None:
    with pytest.raises(DemoError, match="no finished backup"):
        newest({"t/backups/20261122T020000Z/toc.dat": {}})


def test_the_last_words_name_backup_place_address_and_users() -> None:
    console = Console(file=io.StringIO(), width=160, highlight=False)
    summary = newest({"t/backups/20261122T020000Z/manifest.json": manifest("20261122T020000Z")})

    print_backup(console, summary)
    print_access(console, url="http://127.0.0.1:1", users={"alice": "pw1"}, roles={"alice": "user"})

    text = cast("io.StringIO", console.file).getvalue()
    for expected in (
        "20261122T020000Z",
        "s3://b/t/backups/20261122T020000Z/",
        "12.5",
        "http://127.0.0.1:1",
        "alice",
        "pw1",
    ):
        assert expected in text
