"""Durations, byte counts and numbers of things as people write them: ``26h``, ``5ms``, ``256MiB``, ``2 tables``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

NAMED = 5
"""How many of many things are named, where nobody says otherwise: a person reads no more in a sentence."""
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"^\s*(?:\d+(?:\.\d+)?\s*(?:ms|[smhdw])\s*)+$", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])", re.ASCII)
_BYTES = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?\s*$", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def parse_duration(value: object) -> timedelta:
    """Read ``26h``, ``1d 12h``, ``5ms``; raises ValueError saying what a duration looks like."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and _DURATION.match(value):
        parts = _DURATION_PART.findall(value)
        try:
            return sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
        except OverflowError:
            raise ValueError(f"{value!r} is longer than any duration can be") from None
    raise ValueError(f"{value!r} is not a duration; write a number and one of ms, s, m, h, d, w, as in 26h or 1d 12h")


def format_duration(value: timedelta) -> str:
    """Write a duration the way people say it, to two units: ``1d 2h``, ``3m 20s``, ``4.2s``, ``-3h``."""
    if value < timedelta():
        return f"-{format_duration(-value)}"
    seconds = round(value.total_seconds(), 1)
    return f"{seconds:.1f}s" if seconds < 60 else " ".join(_words(int(seconds))[:2])  # noqa: PLR2004 - a minute


def format_ago(moment: datetime, now: datetime) -> str:
    """Write how long ago it was: ``just now``, ``3h 2m ago``; a clock that is a little ahead is no news."""
    age = max(now - moment, timedelta())
    return "just now" if age < timedelta(minutes=1) else f"{format_duration(age)} ago"


def format_moment(moment: datetime) -> str:
    """Write a moment, which has a zone, to the minute: ``2026-11-22 02:00 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def format_ms(milliseconds: float) -> str:
    """Write how long an operation took, as precisely as matters: ``0.15 ms``, ``3.2 ms``, ``140 ms``, ``1.2 s``."""
    for digits, limit in ((2, 1), (1, 10), (0, 1000)):
        if round(milliseconds, digits) < limit:
            return f"{milliseconds:.{digits}f} ms"
    return f"{milliseconds / 1000:.1f} s"


def _exact(value: timedelta) -> str:
    """Write a duration so that ``parse_duration`` reads it back equal."""
    text = " ".join(_words(int(value.total_seconds())))
    return f"{text} {value.microseconds / 1e6:f}s".strip() if value.microseconds else text or "0s"


def _words(left: int) -> list[str]:
    words = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            words.append(f"{number}{unit}")
    return words


def parse_bytes(value: object) -> int:
    """Read ``256MiB``, ``1.5 GB``, ``4096``; MiB is 1024 based, MB is 1000 based. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _BYTES.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a number of bytes; write for example 256MiB or 1.5GB")
    number, prefix, binary = match.groups()
    return int(Decimal(number) * (1024 if binary else 1000) ** _POWERS[prefix.lower()])


def format_bytes(value: float) -> str:
    """Write a byte count in the largest unit that leaves a number above one: ``52.1 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:  # noqa: PLR2004 - the base of the units
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def format_count(number: int, thing: str) -> str:
    """Write a number of things: ``1 table``, ``1,204 rows``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(things: Sequence[str], *, named: int = NAMED) -> str:
    """Write the first few of many things, and how many others there are: ``a, b and 12 more``."""
    if len(things) <= named:
        return ", ".join(things)
    return f"{', '.join(things[:named])} and {len(things) - named:,} more"


def joined(parts: Sequence[str]) -> str:
    """Write all of a few parts of a sentence: ``a, b and c``; empty where there is none."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[:-1] else parts)


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(_exact, when_used="json")]
Bytes = Annotated[int, BeforeValidator(parse_bytes)]
