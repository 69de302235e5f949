"""RetentionPolicy and RetentionPlan: which backups stay, and why. (Written by its owner; this is the contract.)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass as record

from dbops.domain.backup import BackupId

Count = Annotated[int, Field(ge=0)]


class RetentionPolicy(BaseModel):
    """Grandfather-father-son: keep the newest backup of each of the last N hours-of-life buckets, and never too few."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    last: Count = 3
    daily: Count = 14
    weekly: Count = 8
    monthly: Count = 12
    yearly: Count = 3
    minimum_redundancy: Annotated[int, Field(ge=1)] = 3


@record(frozen=True, config=ConfigDict(extra="ignore"))
class Hold:
    """Do not expire this backup until then; ``until`` None means until the hold is taken away."""

    backup_id: BackupId
    until: datetime | None
    reason: str
    by: str


_HOLD = TypeAdapter(Hold)


@dataclass(frozen=True)
class RetentionPlan:
    """The policy's answer; ``keep`` and ``expire`` hold each given id once, with its reasons."""

    keep: dict[BackupId, tuple[str, ...]]
    expire: dict[BackupId, tuple[str, ...]]


def plan_retention(
    backups: Sequence[tuple[BackupId, bool]],
    holds: Sequence[Hold],
    policy: RetentionPolicy,
    now: datetime,
    zone: ZoneInfo,
) -> RetentionPlan:
    """Decide over ``backups`` (id, is it good) at ``now``, counting days in ``zone``."""
    raise NotImplementedError
