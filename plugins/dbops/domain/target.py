"""Target: one PostgreSQL database under care, as its YAML file and the defaults describe it.

Every model here refuses unknown keys; ``gateways/target_files.py`` turns a refusal into file, line and "did you mean".
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from dbops.domain.cron import Cron
from dbops.domain.quantities import Bytes, Duration
from dbops.domain.retention import RetentionPolicy

Environment = Literal["production", "staging", "development"]
Acceptance = Literal["partial_backup", "low_redundancy", "no_recipients"]

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_CONNECTION_ID = re.compile(r"^[\w.\-]{1,250}$")
_EMAIL = re.compile(r"^[^@\s<>\"]+@[^@\s<>\"]+$")
_SAFE_MINIMUM_REDUNDANCY = 2
_S3_SMALLEST_PART = 5 * 1024**2
_S3_LARGEST_PART = 5 * 1024**3


def _connection_id(value: str) -> str:
    if not _CONNECTION_ID.match(value):
        raise ValueError(
            "a connection is the id of an Airflow connection, never a URL: no credential belongs in a file"
        )
    return value


ConnectionId = Annotated[str, AfterValidator(_connection_id)]


class Section(BaseModel):
    """A part of a target file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Danger(ValueError):
    """What production refuses unless ``allow`` accepts it; ``key`` is the path in the file where it was decided."""

    def __init__(self, sentence: str, key: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.key = key


class S3Options(Section):
    """How a store differs from AWS: configured here, never patched around."""

    addressing_style: Literal["auto", "path", "virtual"] = "auto"
    conditional_writes: bool = True
    checksum: Literal["CRC32", "CRC32C", "CRC64NVME", "SHA256", "none"] = "CRC32"
    connect_timeout: Duration = timedelta(seconds=10)
    read_timeout: Duration = timedelta(seconds=60)
    attempts: Annotated[int, Field(ge=1, le=50)] = 8


class Storage(Section):
    """Where the backups go."""

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    prefix: str = ""
    connection: ConnectionId = "aws_default"
    part_size: Bytes = 8 * 1024**2
    parallelism: Annotated[int, Field(ge=1, le=64)] = 4
    s3: S3Options = S3Options()

    @field_validator("prefix")
    @classmethod
    def _is_a_relative_folder(cls, value: str) -> str:
        value = value.strip("/")
        if any(part in {"", ".", ".."} for part in value.split("/")) and value:
            raise ValueError("a prefix is a plain folder path such as team/databases")
        return value

    @field_validator("part_size")
    @classmethod
    def _fits_s3(cls, value: int) -> int:
        if not _S3_SMALLEST_PART <= value <= _S3_LARGEST_PART:
            raise ValueError("S3 takes parts of 5MiB to 5GiB")
        return value


class Schedules(Section):
    """Cron expressions in the target's time zone; null means "only when started by hand"."""

    backup: Cron | None = "0 2 * * *"


class BackupOptions(Section):
    """How pg_dump runs, and how much of the worker and of the server it may take."""

    jobs: Annotated[int, Field(ge=1, le=64)] = 2
    zstd_level: Annotated[int, Field(ge=1, le=19)] = 1
    spool: str | None = None
    spool_cap: Bytes = 256 * 1024**2
    max_stall: Duration = timedelta(minutes=15)
    lock_wait_timeout: Duration | None = timedelta(minutes=1)
    statement_timeout: Duration | None = None
    bandwidth_limit: Bytes | None = None
    exclude_schemas: tuple[str, ...] = ()
    exclude_tables: tuple[str, ...] = ()
    exclude_table_data: tuple[str, ...] = ()
    globals: bool = True


class Alerts(Section):
    """Who hears of what, and from when on something counts as wrong."""

    recipients: tuple[str, ...] = ()
    late_after: Duration = timedelta(hours=26)
    shrunk_by: Annotated[float, Field(gt=0, le=100)] = 50.0
    smaller_than: Bytes | None = None
    heartbeat_url: str | None = None

    @field_validator("recipients")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not _EMAIL.match(address):
                raise ValueError(f"{address!r} is not an e-mail address")
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("a heartbeat_url starts with https:// or http://")
        return value


class Target(Section):
    """One PostgreSQL database under care. ``name`` is its file's stem and never stands in the file."""

    name: str
    connection: ConnectionId
    description: str = ""
    owner: str = "dbops"
    environment: Environment = "production"
    timezone: str = "UTC"
    allow: frozenset[Acceptance] = frozenset()
    schedule: Schedules = Schedules()
    storage: Storage
    backup: BackupOptions = BackupOptions()
    retention: RetentionPolicy = RetentionPolicy()
    alerts: Alerts = Alerts()

    @field_validator("name")
    @classmethod
    def _is_an_identifier(cls, value: str) -> str:
        if not _NAME.match(value):
            raise ValueError(
                "a target is named by its file: lower-case letters, digits and _, beginning with a letter, at most 63"
            )
        return value

    @field_validator("timezone")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)  # listing all time zones instead would take longer than reading a hundred targets
        except (LookupError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone; write for example UTC or Europe/Vienna") from None
        return value

    @model_validator(mode="after")
    def _production_is_protected(self) -> Target:
        if self.environment != "production":
            return self
        dangers: list[tuple[Acceptance, tuple[str, ...], str]] = [
            ("partial_backup", ("backup", key), f"its backups would leave out {', '.join(left_out)}")
            for key in ("exclude_schemas", "exclude_tables", "exclude_table_data")
            if (left_out := getattr(self.backup, key))
        ]
        if self.retention.minimum_redundancy < _SAFE_MINIMUM_REDUNDANCY:
            sentence = f"minimum_redundancy is below {_SAFE_MINIMUM_REDUNDANCY}"
            dangers.append(("low_redundancy", ("retention", "minimum_redundancy"), sentence))
        if not self.alerts.recipients:
            sentence = "no alerts.recipients are set, so nobody would hear of a failure"
            dangers.append(("no_recipients", ("alerts", "recipients"), sentence))
        for danger, key, sentence in dangers:
            if danger not in self.allow:
                raise Danger(
                    f"environment is production and {sentence}; change that, or accept it with allow: [{danger}]", key
                )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The target's time zone, in which its schedules run and its retention counts days."""
        return ZoneInfo(self.timezone)

    @property
    def root(self) -> str:
        """The key prefix that is this target's own, with its trailing slash: nothing outside is ever touched."""
        return f"{self.storage.prefix}/{self.name}/".lstrip("/")
