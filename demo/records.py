"""What the jobs have left in the bucket, read without dbops; docs/backup-format.md says what lies there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demo.errors import DemoError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from demo.stack import Stack


class Records:
    """The JSON objects below one target's `folder` of a bucket. Their names are times, and sort as such."""

    def __init__(self, client: S3Client, *, bucket: str, folder: str) -> None:
        self.client = client
        self.bucket = bucket
        self.folder = folder

    @classmethod
    def of(cls, stack: Stack, client: S3Client) -> Records:
        """Those of the demo's target, read with a client of its store."""
        return cls(client, bucket=stack.storage.bucket, folder=stack.storage.folder)

    def backup_key(self, backup_id: str, file: str) -> str:
        """The key of one file of a backup."""
        return f"{self.folder}/backups/{backup_id}/{file}"

    def manifest(self, backup_id: str) -> dict[str, Any]:
        """The manifest of a backup; DemoError when there is none."""
        found = self._read(self.backup_key(backup_id, "manifest.json"))
        if found is None:
            raise DemoError(f"s3://{self.bucket}/{self.backup_key(backup_id, '')} is no finished backup.")
        return found

    def newest_backup(self) -> str | None:
        """The id of the newest finished backup."""
        end = "/manifest.json"
        finished = [key.removesuffix(end) for key in self._keys("backups/") if key.endswith(end)]
        return max(finished).rpartition("/")[2] if finished else None

    def verdict(self, backup_id: str) -> dict[str, Any] | None:
        """What a drill or restore found of that backup; None where none was made."""
        return self._read(f"{self.folder}/verifications/{backup_id}.json")

    def newest_proof(self) -> dict[str, Any] | None:
        """The newest verdict that is good."""
        verdicts = [self._read(key) for key in self._keys("verifications/")]
        good = [verdict for verdict in verdicts if verdict and verdict["ok"]]
        return max(good, key=lambda verdict: str(verdict["finished"]), default=None)

    def newest_check(self) -> dict[str, Any] | None:
        """What the last run of the checks found."""
        keys = [key for key in self._keys("checks/") if key.endswith(".json")]
        return self._read(max(keys)) if keys else None

    def _keys(self, below: str) -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.folder}/{below}"):
            for item in page.get("Contents", []):
                yield item["Key"]

    def _read(self, key: str) -> dict[str, Any] | None:
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None
        content: dict[str, Any] = json.loads(body)
        return content
