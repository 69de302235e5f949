"""CheckOptions: how a target is checked every night."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator

from dbops.domain.options.schema_kinds import KINDS
from dbops.domain.options.section import Section
from dbops.domain.words.quantities import Duration
from dbops.domain.words.suggestion import did_you_mean


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
