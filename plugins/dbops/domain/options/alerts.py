"""Alerts: the section ``alerts`` of a target's file."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from dbops.domain.alerts.notifier_name import NotifierName
from dbops.domain.options.section import Section
from dbops.domain.words.quantities import Bytes, Duration

_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+")


class Alerts(Section):
    """Who hears of what, and from when on something counts as wrong.

    ``notify`` are names of notifiers in include/notifiers.yaml, which hear of what the recipients do. ``may_shrink``
    are patterns of tables that may lose their rows without anybody being told.
    """

    recipients: tuple[str, ...] = ()
    notify: tuple[NotifierName, ...] = ()
    late_after: Duration = timedelta(hours=26)
    shrunk_by: Annotated[float, Field(gt=0, le=100)] = 50.0
    may_shrink: tuple[str, ...] = ()
    smaller_than: Bytes | None = None
    heartbeat_url: str | None = None

    @field_validator("recipients")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not _EMAIL.fullmatch(address):
                raise ValueError(f"{address!r} is not an e-mail address")
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("a heartbeat_url starts with https:// or http://")
        return value
