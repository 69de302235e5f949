"""StartId: when a backup or a run started, to the second, as the name of what the bucket keeps of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_ID = re.compile(r"\d{8}T(?!24)\d{6}Z", re.ASCII)  # newer Pythons take 24 for the next day's 00
_FIRST_YEAR, _LAST_YEAR = "0002", "9990"  # so that every time zone has that moment, too
_ID_FORMAT = "%Y%m%dT%H%M%SZ"


class StartId(str):
    """The UTC start time of a run to the second, as in ``20261122T020000Z``; raises ValueError on anything else."""

    __slots__ = ()
    _WHAT: ClassVar[str] = "the id of a run"

    def __new__(cls, text: str) -> Self:
        """Read an id."""
        if not _is_id(text):
            raise ValueError(f"{text!r} is not {cls._WHAT}; one looks like 20261122T020000Z")
        return super().__new__(cls, text)

    @classmethod
    def at(cls, moment: datetime) -> Self:
        """The id of what starts at that moment."""
        return cls(moment.astimezone(UTC).strftime(_ID_FORMAT))

    @property
    def time(self) -> datetime:
        """When it started, UTC."""
        return _moment(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


def _is_id(text: str) -> bool:
    if not _ID.fullmatch(text) or not _FIRST_YEAR <= text[:4] <= _LAST_YEAR:
        return False
    try:
        _moment(text)
    except ValueError:
        return False
    return True


def _moment(text: str) -> datetime:
    # Not strptime, which takes fifty times as long: a page and a retention ask thousands of ids, each often.
    return datetime.fromisoformat(text)
