"""Durations and byte counts as people write them: ``26h``, ``15m``, ``256MiB``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"^\s*(?:\d+\s*[smhdw]\s*)+$")
_DURATION_PART = re.compile(r"(\d+)\s*([smhdw])")
_BYTES = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?\s*$", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def parse_duration(value: object) -> timedelta:
    """Read ``26h``, ``1d 12h``, ``90s``; raises ValueError saying what a duration looks like."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and _DURATION.match(value):
        parts = _DURATION_PART.findall(value)
        return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    raise ValueError(f"{value!r} is not a duration; write a number and one of s, m, h, d, w, as in 26h or 1d 12h")


def format_duration(value: timedelta) -> str:
    """Write a duration the way people say it: ``1d 2h``, ``3m 20s``, ``4.2s``."""
    seconds = value.total_seconds()
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f}s"
    left, words = int(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            words.append(f"{number}{unit}")
    return " ".join(words[:2])


def parse_bytes(value: object) -> int:
    """Read ``256MiB``, ``1.5 GB``, ``4096``; MiB is 1024 based, MB is 1000 based. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _BYTES.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a number of bytes; write for example 256MiB or 1.5GB")
    number, prefix, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWERS[prefix.lower()])


def format_bytes(value: float) -> str:
    """Write a byte count in the largest unit that leaves a number above one: ``52.1 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:  # noqa: PLR2004 - the base of the units
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, when_used="json")]
Bytes = Annotated[int, BeforeValidator(parse_bytes)]
