"""Cron expressions, checked before a schedule is made of one: five fields, or a preset such as ``@daily``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from dbops.domain.words.suggestion import did_you_mean

PRESETS = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually")
_QUARTERLY = "0 0 1 */3 *"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_ITEM = re.compile(r"^(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?$")
_NTH_DAY = re.compile(r"^(\w+)#[1-5]$")


@dataclass(frozen=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    def values(self, text: str) -> set[int]:
        return set().union(*(self._item(item) for item in text.lower().split(",")))

    def _item(self, item: str) -> set[int]:
        match = _ITEM.match(item)
        if match is None:
            raise ValueError(f"its field {self.name} cannot be read")
        first, last, step = match.groups()
        low = self.lowest if first is None else self._number(first)
        high = self._number(last) if last else self.highest if first is None or step else low
        if high < low:
            raise ValueError(f"its field {self.name} has a range that runs backwards")
        if step is not None and not 0 < int(step) <= self.highest:
            raise ValueError(f"its field {self.name} has a step that is not from 1 to {self.highest}")
        return set(range(low, high + 1, int(step or 1)))

    def _number(self, text: str) -> int:
        if text in self.names:
            return self.names.index(text) + self.lowest
        if not text.isascii() or not text.isdigit() or not self.lowest <= int(text) <= self.highest:
            raise ValueError(f"its field {self.name} takes {self.lowest} to {self.highest}")
        return int(text)


_MINUTE, _HOUR = _Field("minute", 0, 59), _Field("hour", 0, 23)
_DAY, _MONTH = _Field("day of month", 1, 31), _Field("month", 1, 12, _MONTHS)
_WEEKDAY = _Field("day of week", 0, 7, _DAYS)


def check_cron(expression: str) -> str:
    """Return the expression where a scheduler can follow it; raise ValueError saying what is wrong with it."""
    text = expression.strip()
    try:
        if text.startswith("@"):
            if text not in PRESETS:
                raise ValueError(did_you_mean(text, PRESETS) or f"the presets are {', '.join(PRESETS)}")  # noqa: TRY301
        else:
            _check_fields(text.split())
    except ValueError as error:
        raise ValueError(f'"{expression}" is not a cron expression, as "0 2 * * *" would be: {error}') from None
    return text


def written_out(expression: str) -> str:
    """The same for those who do not know every preset, as croniter, and Airflow before 3.3, do not."""
    return _QUARTERLY if expression == "@quarterly" else expression


def _check_fields(fields: list[str]) -> None:
    if len(fields) != 5:  # noqa: PLR2004 - cron's
        raise ValueError(f"it has {len(fields)} fields, and five are minute, hour, day of month, month, day of week")
    minute, hour, day, month, weekday = fields
    _MINUTE.values(minute)
    _HOUR.values(hour)
    days = {1} if day.upper() == "L" else _DAY.values(day)  # the last day is there in each month, as the first is
    months = _MONTH.values(month)
    for item in weekday.split(","):
        nth = _NTH_DAY.match(item)
        if nth and day != "*":
            raise ValueError("a day such as sun#1 stands only beside * as day of month")
        _WEEKDAY.values(nth.group(1) if nth else item)
    longest = max(_LONGEST.get(number, 31) for number in months)
    if weekday == "*" and min(days) > longest:
        raise ValueError("there is no such day in these months")


Cron = Annotated[str, AfterValidator(check_cron)]
