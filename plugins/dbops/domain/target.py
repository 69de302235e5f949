"""Target: one PostgreSQL database under care, as its YAML file and the defaults describe it.

Every model here refuses unknown keys; ``gateways/files/target_files.py`` turns a refusal into file, line and
"did you mean".
"""

from __future__ import annotations

import re
from typing import Literal
from zlib import crc32
from zoneinfo import ZoneInfo

from pydantic import PrivateAttr, field_validator, model_validator

from dbops.domain.alerts.audience import Audience
from dbops.domain.alerts.reserved_addresses import is_reserved
from dbops.domain.backups.retention import RetentionPolicy
from dbops.domain.backups.storage import Storage
from dbops.domain.options.alerts import Alerts
from dbops.domain.options.approvals import ApprovalRules
from dbops.domain.options.backup import BackupOptions
from dbops.domain.options.checks import CheckOptions
from dbops.domain.options.drill import DrillOptions
from dbops.domain.options.encryption import Encryption
from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.options.placement import QueueName, ServerName
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.options.restore import RestoreOptions
from dbops.domain.options.schedules import Schedules
from dbops.domain.options.section import ConnectionId, Section

Environment = Literal["production", "staging", "development"]
Acceptance = Literal["partial_backup", "low_redundancy", "no_recipients", "same_database", "restored_elsewhere"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SAFE_MINIMUM_REDUNDANCY = 2


class Danger(ValueError):
    """What production refuses unless ``allow`` accepts it; ``key`` is the path in the file where it was decided."""

    def __init__(self, sentence: str, key: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.key = key


def _nobody_hears(reserved: tuple[str, ...]) -> str:
    why = (
        f"no mail ever arrives at {', '.join(reserved)}, for such names are kept for examples"
        if reserved
        else "there are no alerts.recipients, and no alerts.notify"
    )
    return (
        f"nobody would hear of a failure: {why}. Write who is to be woken below alerts:, as in "
        "recipients: [you@your.domain], in the target's own file or, for all, in include/defaults.yaml"
    )


class Target(Section):
    """One PostgreSQL database under care. ``name`` is its file's stem and never stands in the file.

    Targets of one ``server`` take turns with what loads it. ``queue`` is where the heavy jobs wait for a worker.
    Whether it has rules and probes is no key: it is known by the files beside its own, see ``with_files``.
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

    _has_rules: bool = PrivateAttr(default=False)
    _has_probes: bool = PrivateAttr(default=False)

    @field_validator("name")
    @classmethod
    def _is_an_identifier(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
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
            ("partial_backup", ("backup", key), f"its backups would leave out {', '.join(left_out)}; change that")
            for key in ("exclude_schemas", "exclude_tables", "exclude_table_data")
            if (left_out := getattr(self.backup, key))
        ]
        if self.retention.minimum_redundancy < _SAFE_MINIMUM_REDUNDANCY:
            sentence = f"minimum_redundancy is below {_SAFE_MINIMUM_REDUNDANCY}; change that"
            dangers.append(("low_redundancy", ("retention", "minimum_redundancy"), sentence))
        if not self.alerts.notify and all(map(is_reserved, self.alerts.recipients)):
            dangers.append(("no_recipients", ("alerts", "recipients"), _nobody_hears(self.alerts.recipients)))
        for danger, key, sentence in dangers:
            if danger not in self.allow:
                raise Danger(f"environment is production and {sentence}, or accept it with allow: [{danger}]", key)
        return self

    def with_files(self, *, rules: bool, probes: bool) -> Target:
        """The same target, knowing whether include/expectations/ and include/sql/ have rules and probes of it."""
        known = self.model_copy()
        known._has_rules, known._has_probes = rules, probes
        return known

    @property
    def has_rules(self) -> bool:
        """Whether there are rules to check it by."""
        return self._has_rules

    @property
    def has_probes(self) -> bool:
        """Whether there are operations to time on it."""
        return self._has_probes

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
    def migrating(self) -> Target:
        """The same, reached as migrations are planned and applied: for the backup that is made so right before."""
        return self.model_copy(update={"connection": self.migrating_connection})

    @property
    def expiring(self) -> Target:
        """The same, with its store as who may delete there sees it."""
        own = self.storage.expire_connection
        return self.model_copy(update={"storage": self.storage.model_copy(update={"connection": own})}) if own else self

    @property
    def hurried(self) -> Target:
        """The same, with a store that is waited for as long as a person waits who only looks."""
        return self.model_copy(update={"storage": self.storage.hurried})

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
        """The key prefix that is this target's own, with its trailing slash: but for its index, all it has is there."""
        return f"{self.storage.prefix}/{self.name}/".lstrip("/")
