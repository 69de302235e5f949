"""Storage: where a target's backups go, and how that store differs from AWS."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from dbops.domain.backups.layout import INDEXES
from dbops.domain.options.section import ConnectionId, Section
from dbops.domain.words.quantities import Bytes, Duration

_S3_SMALLEST_PART = 5 * 1024**2
_S3_LARGEST_PART = 5 * 1024**3
# A person who waits would rather read that the store does not answer; a backup has all night. All attempts and the
# pause between them end within the eight seconds that the page gives a store: then it has failed, and is not just slow.
_HURRIED_CONNECT = timedelta(seconds=2)
_HURRIED_READ = timedelta(seconds=3)
_HURRIED_ATTEMPTS = 2


class S3Options(Section):
    """How a store differs from AWS: configured here, never patched around.

    With ``sse`` the store is asked to encrypt every object: with a key of its own, or with one of its KMS, by default
    the account's; a ``bucket_key`` spares it a request to the KMS for each object.
    """

    addressing_style: Literal["auto", "path", "virtual"] = "auto"
    conditional_writes: bool = True
    checksum: Literal["CRC32", "CRC32C", "CRC64NVME", "SHA256", "none"] = "CRC32"
    connect_timeout: Duration = timedelta(seconds=10)
    read_timeout: Duration = timedelta(seconds=60)
    attempts: Annotated[int, Field(ge=1, le=50)] = 8
    sse: Literal["none", "AES256", "aws:kms"] = "none"
    kms_key_id: Annotated[str, Field(min_length=1)] | None = None
    bucket_key: bool = False

    @property
    def hurried(self) -> S3Options:
        """The same, for somebody who waits: what does not answer within seconds is told, and not asked for minutes."""
        return self.model_copy(
            update={
                "connect_timeout": min(self.connect_timeout, _HURRIED_CONNECT),
                "read_timeout": min(self.read_timeout, _HURRIED_READ),
                "attempts": min(self.attempts, _HURRIED_ATTEMPTS),
            }
        )

    @field_validator("kms_key_id", "bucket_key")
    @classmethod
    def _belongs_to_the_kms(cls, value: str | bool | None, others: ValidationInfo) -> str | bool | None:
        if value and others.data.get("sse", "aws:kms") != "aws:kms":
            raise ValueError("only sse: aws:kms has keys to be chosen; write that too, or leave this out")
        return value


class Storage(Section):
    """Where the backups go; ``expire_connection`` may delete there, where ``connection`` may not."""

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    prefix: str = ""
    connection: ConnectionId = "aws_default"
    expire_connection: ConnectionId | None = None
    part_size: Bytes = 8 * 1024**2
    parallelism: Annotated[int, Field(ge=1, le=64)] = 4
    s3: S3Options = S3Options()

    @property
    def hurried(self) -> Storage:
        """See S3Options."""
        return self.model_copy(update={"s3": self.s3.hurried})

    @field_validator("prefix")
    @classmethod
    def _is_a_relative_folder(cls, value: str) -> str:
        value = value.strip("/")
        if any(part in {"", ".", ".."} for part in value.split("/")) and value:
            raise ValueError("a prefix is a plain folder path such as team/databases")
        if INDEXES in value.split("/"):
            raise ValueError(f"{INDEXES} is the folder of the indexes: choose another name")
        return value

    @field_validator("part_size")
    @classmethod
    def _fits_s3(cls, value: int) -> int:
        if not _S3_SMALLEST_PART <= value <= _S3_LARGEST_PART:
            raise ValueError("S3 takes parts of 5MiB to 5GiB")
        return value
