"""What `make demo-break` breaks: each breakage sees for itself whether it is there, so breaking twice does no harm."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg

from demo.errors import DemoError
from demo.records import Records

_KEY = "ShareLink_summaryId_fkey"
_INDEX = "Summary_videoId_idx"
_SUMMARIES = 3

_WITHOUT_PARENT: LiteralString = (
    'FROM "ShareLink" AS link WHERE NOT EXISTS (SELECT FROM "Summary" AS summary WHERE summary.id = link."summaryId")'
)


class Breakage(ABC):
    """Something wrong on purpose, in the database or in the bucket."""

    name: str

    @abstractmethod
    def is_there(self) -> bool:
        """Whether it is so now, whoever did it."""

    @abstractmethod
    def make(self) -> str:
        """Do it; what was done."""

    @abstractmethod
    def mend(self) -> str:
        """Put it right as the mail says; what was done."""

    @abstractmethod
    def finding(self) -> str | None:
        """What the last checks or the drill said of it; None where they did not notice."""


class Orphans(Breakage):
    """Links to summaries that are gone.

    A foreign key forbids them, so that it has to go first. With `session_replication_role = replica`, which takes a
    superuser, it could stay, and would be lied about by the catalog: only the weekly full checks would see that.
    """

    name = "orphans"

    def __init__(self, url: str, records: Records) -> None:
        self._url = url
        self._records = records

    def is_there(self) -> bool:
        """Whether the key is gone or was never validated; with a valid one there can be no orphans."""
        return not _ask(
            self._url,
            "SELECT FROM pg_constraint WHERE conname = %s AND convalidated AND conrelid = to_regclass(%s)",
            _KEY,
            '"ShareLink"',
        )

    def make(self) -> str:
        """Drop the key, and delete what some links lead to; without it nothing takes the links along."""
        with _session(self._url) as connection:
            connection.execute(f'ALTER TABLE "ShareLink" DROP CONSTRAINT "{_KEY}"')
            deleted = connection.execute(
                'DELETE FROM "Summary" WHERE id IN (SELECT DISTINCT "summaryId" FROM "ShareLink" ORDER BY 1 LIMIT %s)',
                [_SUMMARIES],
            ).rowcount
            left = connection.execute(f"SELECT {_WITHOUT_PARENT}").rowcount
        return f"the foreign key {_KEY} was dropped and {deleted} summaries deleted: {left} links lead nowhere"

    def mend(self) -> str:
        """Delete the orphans, as the key would have done, and have the key back, in two steps that lock nobody out."""
        with _session(self._url) as connection:
            gone = connection.execute(f"DELETE {_WITHOUT_PARENT}").rowcount
            # A mend whose second step failed has left one that is not valid.
            connection.execute(f'ALTER TABLE "ShareLink" DROP CONSTRAINT IF EXISTS "{_KEY}"')
            connection.execute(
                f'ALTER TABLE "ShareLink" ADD CONSTRAINT "{_KEY}" FOREIGN KEY ("summaryId") REFERENCES "Summary"(id) '
                "ON UPDATE CASCADE ON DELETE CASCADE NOT VALID"
            )
        with _session(self._url) as connection:
            connection.execute(f'ALTER TABLE "ShareLink" VALIDATE CONSTRAINT "{_KEY}"')
        return f"{gone} links that led nowhere were deleted, and {_KEY} is back"

    def finding(self) -> str | None:
        """What the checks said of the links' rows."""
        said = [
            f"{result['subject']}: {result['sentence']}"
            for result in _bad_results(self._records)
            if result["group"] == "data" and result["subject"] == "public.ShareLink"
        ]
        return " ".join(said) or None


class DroppedIndex(Breakage):
    """An index that the application needs, and that schema.yaml demands."""

    name = "dropped index"

    def __init__(self, url: str, records: Records) -> None:
        self._url = url
        self._records = records

    def is_there(self) -> bool:
        """Whether the index is missing, or a build of it was interrupted."""
        return not _ask(
            self._url, "SELECT FROM pg_index WHERE indexrelid = to_regclass(quote_ident(%s)) AND indisvalid", _INDEX
        )

    def make(self) -> str:
        """Drop it."""
        with _session(self._url) as connection:
            connection.execute(f'DROP INDEX "{_INDEX}"')
        return f"{_INDEX} was dropped"

    def mend(self) -> str:
        """Make it again without locking writes out."""
        with _session(self._url, autocommit=True) as connection:
            connection.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{_INDEX}"')  # what an interrupted build has left
            connection.execute(f'CREATE INDEX CONCURRENTLY "{_INDEX}" ON "Summary" ("videoId")')
        return f"{_INDEX} was made again"

    def finding(self) -> str | None:
        """What the checks said of the schema."""
        bad = _bad_results(self._records)
        return next((result["sentence"] for result in bad if result["rule_id"].endswith(f".{_INDEX}")), None)


class DamagedBackup(Breakage):
    """The newest backup, one byte of which is not what was uploaded."""

    name = "corrupted backup"

    def __init__(self, records: Records) -> None:
        self._records = records

    def is_there(self) -> bool:
        """Whether the file that `make` changes is not what the manifest says."""
        backup_id = self._records.newest_backup()
        if backup_id is None:
            return False
        file = self._file(backup_id)
        return bool(hashlib.sha256(self._read(backup_id, file["name"])).hexdigest() != file["sha256"])

    def make(self) -> str:
        """Flip a byte in the middle of a data file, through S3, as whoever may write to the bucket could."""
        return f"{self._flip()} was flipped"

    def mend(self) -> str:
        """What a drill has condemned stays so: the backup that comes next is what the mail asks for."""
        if self.finding():
            return "a new backup takes its place, and retention lets this one go"
        return f"no drill has noticed: {self._flip()} was flipped back"

    def finding(self) -> str | None:
        """What the drill said of it."""
        backup_id = self._records.newest_backup()
        verdict = self._records.verdict(backup_id) if backup_id else None
        if verdict is None or verdict["ok"]:
            return None
        return " ".join(found["sentence"] for found in verdict["findings"] if found["severity"] == "error")

    def _flip(self) -> str:
        backup_id = self._records.newest_backup()
        if backup_id is None:
            raise DemoError("There is no backup to corrupt: `make demo` makes one.")
        name = self._file(backup_id)["name"]
        body = bytearray(self._read(backup_id, name))
        middle = len(body) // 2
        body[middle] ^= 0xFF
        key = self._records.backup_key(backup_id, name)
        self._records.client.put_object(Bucket=self._records.bucket, Key=key, Body=bytes(body))
        return f"byte {middle:,} of s3://{self._records.bucket}/{key}"

    def _file(self, backup_id: str) -> dict[str, Any]:
        """The smallest file that holds rows and more than a few."""
        files: list[dict[str, Any]] = self._records.manifest(backup_id)["files"]
        data = [file for file in files if file["name"].endswith(".dat.zst")]
        return min(data, key=lambda file: (file["bytes"] < 1024, file["bytes"]))  # noqa: PLR2004 - few rows

    def _read(self, backup_id: str, name: str) -> bytes:
        key = self._records.backup_key(backup_id, name)
        return self._records.client.get_object(Bucket=self._records.bucket, Key=key)["Body"].read()


@contextmanager
def _session(url: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A session as the role that owns the sample, committed at its end; it does not wait long behind others' locks."""
    try:
        with psycopg.connect(
            url, autocommit=autocommit, connect_timeout=10, options="-c lock_timeout=10s"
        ) as connection:
            yield connection
    except psycopg.Error as error:
        reason = str(error).partition("\n")[0]  # the other lines quote rows
        raise DemoError(f"The sample database refused: {reason}. Nothing half done stays; do it again.") from error


def _ask(url: str, query: LiteralString, *values: object) -> bool:
    """Whether the query finds anything."""
    with _session(url) as connection:
        return connection.execute(query, values).rowcount > 0


def _bad_results(records: Records) -> list[dict[str, Any]]:
    """What the last run of the checks found wrong."""
    check = records.newest_check() or {"results": []}
    return [result for result in check["results"] if result["outcome"] == "failed"]
