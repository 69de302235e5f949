"""Target: one PostgreSQL database under care, as its YAML file and the defaults describe it.

Every model here refuses unknown keys; ``gateways/target_files.py`` turns a refusal into file, line and "did you mean".
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal
from zlib import crc32
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from dbops.domain.audience import Audience
from dbops.domain.cron import Cron
from dbops.domain.encryption import Encryption
from dbops.domain.migration_options import MigrationOptions
from dbops.domain.notifier_name import NotifierName
from dbops.domain.placement import QueueName, ServerName
from dbops.domain.probes.options import ProbeOptions
from dbops.domain.quantities import Bytes, Duration
from dbops.domain.retention import RetentionPolicy
from dbops.domain.schema_kinds import KINDS
from dbops.domain.section import ConnectionId, Section
from dbops.domain.storage import Storage
from dbops.domain.suggestion import did_you_mean

Environment = Literal["production", "staging", "development"]
Acceptance = Literal["partial_backup", "low_redundancy", "no_recipients"]

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_EMAIL = re.compile(r"^[^@\s<>\"]+@[^@\s<>\"]+$")
_SAFE_MINIMUM_REDUNDANCY = 2


class Danger(ValueError):
    """What production refuses unless ``allow`` accepts it; ``key`` is the path in the file where it was decided."""

    def __init__(self, sentence: str, key: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.key = key


class Schedules(Section):
    """Cron expressions in the target's time zone; null means "only when started by hand".

    That of the probes is one of ``Target.probe_schedule`` where nobody has chosen another.
    """

    backup: Cron | None = "0 2 * * *"
    drill: Cron | None = "0 5 * * *"
    check: Cron | None = "0 4 * * *"
    probe: Cron | None = "0 6 * * 0"


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
    split_above: Bytes | None = 256 * 1024**2
    exclude_schemas: tuple[str, ...] = ()
    exclude_tables: tuple[str, ...] = ()
    exclude_table_data: tuple[str, ...] = ()
    globals: bool = True


class DrillOptions(Section):
    """How often a backup is restored for the proof, and where.

    ``every`` thins the schedule and the arrivals of backups; ``within`` is the promise that ``watch`` keeps an eye on,
    null for none. ``connection`` is a scratch server, used instead of a throw-away one on the worker, whose data lie
    below ``directory``.
    """

    every: Duration = timedelta(days=7)
    within: Duration | None = timedelta(days=10)
    connection: ConnectionId | None = None
    directory: str | None = None
    jobs: Annotated[int, Field(ge=1, le=64)] = 2


class RestoreOptions(Section):
    """How a restore works. ``connection`` is a role that may create databases, where the target's own may not.

    ``owners`` false leaves owners and grants out. With ``lz4`` large values are compressed so where the server can, in
    half the time that its default takes. ``disk_size`` is the server's disk, which SQL cannot be asked for.
    ``time_columns`` name, by table, the column that says when a row came, so that a plan can show what would be lost.
    """

    connection: ConnectionId | None = None
    jobs: Annotated[int, Field(ge=1, le=64)] = 2
    owners: bool = True
    lz4: bool = True
    disk_size: Bytes | None = None
    time_columns: dict[str, str] = Field(default_factory=dict)


class CheckOptions(Section):
    """How the nightly checks work. ``full_on`` is the day on which what the catalog proves is executed all the same.

    ``optional`` tables may be absent. ``severity`` overrides, by kind of difference, how bad a changed schema is.
    ``keys_shown`` is how many primary keys of rows that break a rule are named, ``show_values`` whether their values
    may leave the database too. ``keep_docs`` is how many data docs stay in the bucket,
    ``late_after`` the promise that ``watch`` keeps an eye on.
    """

    full_on: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "sunday"
    statement_timeout: Duration = timedelta(minutes=30)
    optional: tuple[str, ...] = ()
    severity: dict[str, Literal["error", "warning", "ignore"]] = Field(default_factory=dict)
    keys_shown: Annotated[int, Field(ge=0, le=1000)] = 20
    show_values: bool = False
    shrunk_by: Annotated[float, Field(gt=0, le=100)] = 50.0
    grown_by: Annotated[float, Field(gt=0)] = 400.0
    keep_docs: Annotated[int, Field(ge=1, le=1000)] = 14
    late_after: Duration = timedelta(hours=26)

    @field_validator("severity")
    @classmethod
    def _is_of_kinds(cls, value: dict[str, str]) -> dict[str, str]:
        for kind in value:
            if kind not in KINDS:
                raise ValueError(f"{kind!r} is no kind of difference. {did_you_mean(kind, KINDS)}".strip())
        return value


class ApprovalRules(Section):
    """Who must say yes to what. ``four_eyes`` null means: for production.

    ``valid_for`` is how long an answer counts, ``wait`` how long the question stands before it counts as no.
    """

    approve: frozenset[Literal["restore", "swap", "migrate"]] = frozenset({"swap", "migrate"})
    approvers: tuple[str, ...] = ()
    four_eyes: bool | None = None
    valid_for: Duration = timedelta(hours=4)
    wait: Duration = timedelta(hours=24)


class Alerts(Section):
    """Who hears of what, and from when on something counts as wrong.

    ``notify`` are names of notifiers in include/notifiers.yaml, which hear of what the recipients do.
    """

    recipients: tuple[str, ...] = ()
    notify: tuple[NotifierName, ...] = ()
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
    """One PostgreSQL database under care. ``name`` is its file's stem and never stands in the file.

    Targets of one ``server`` take turns with what loads it. ``queue`` is where the heavy jobs wait for a worker.
    """

    name: str
    connection: ConnectionId
    description: str = ""
    owner: str = "dbops"
    environment: Environment = "production"
    timezone: str = "UTC"
    server: ServerName | None = None
    queue: QueueName | None = None
    allow: frozenset[Acceptance] = frozenset()
    schedule: Schedules = Schedules()
    storage: Storage
    backup: BackupOptions = BackupOptions()
    encryption: Encryption = Encryption(recipients=())
    retention: RetentionPolicy = RetentionPolicy()
    drill: DrillOptions = DrillOptions()
    restore: RestoreOptions = RestoreOptions()
    checks: CheckOptions = CheckOptions()
    probes: ProbeOptions = ProbeOptions()
    migrations: MigrationOptions = MigrationOptions()
    approvals: ApprovalRules = ApprovalRules()
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
        if not self.audience:
            sentence = "no alerts.recipients are set, and no alerts.notify, so nobody would hear of a failure"
            dangers.append(("no_recipients", ("alerts", "recipients"), sentence))
        for danger, key, sentence in dangers:
            if danger not in self.allow:
                raise Danger(
                    f"environment is production and {sentence}; change that, or accept it with allow: [{danger}]", key
                )
        return self

    @property
    def needs_four_eyes(self) -> bool:
        """Whether who asked may not be who approves."""
        four_eyes = self.approvals.four_eyes
        return self.environment == "production" if four_eyes is None else four_eyes

    @property
    def probe_schedule(self) -> str | None:
        """``schedule.probe`` as somebody chose it; else Sundays at a minute from 6:00 to 6:59 that the name decides.

        Targets on one server that all began at once would measure each other. The name's minute stays the same on every
        machine, and whatever targets are added; two names may still have nearly the same one.
        """
        chosen = self.schedule.probe
        if chosen is None or "probe" in self.schedule.model_fields_set:
            return chosen
        return f"{crc32(self.name.encode()) % 60} {chosen.partition(' ')[2]}"

    @property
    def probing_connection(self) -> str:
        """The id of the connection as which the application's operations are executed."""
        return self.probes.connection or self.connection

    @property
    def migrating_connection(self) -> str:
        """The id of the connection as which migrations are planned and applied."""
        return self.migrations.connection or self.connection

    @property
    def expiring(self) -> Target:
        """The same, with its store as who may delete there sees it."""
        own = self.storage.expire_connection
        return self.model_copy(update={"storage": self.storage.model_copy(update={"connection": own})}) if own else self

    @property
    def audience(self) -> Audience:
        """Whom its alerts reach."""
        return Audience(self.alerts.recipients, self.alerts.notify)

    @property
    def zone(self) -> ZoneInfo:
        """The target's time zone, in which its schedules run and its retention counts days."""
        return ZoneInfo(self.timezone)

    @property
    def root(self) -> str:
        """The key prefix that is this target's own, with its trailing slash: nothing outside is ever touched."""
        return f"{self.storage.prefix}/{self.name}/".lstrip("/")
