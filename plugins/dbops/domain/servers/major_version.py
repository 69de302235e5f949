"""The major version of a PostgreSQL server or program, by what it says of itself: ``17.10``, ``18beta1``."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"\d+", re.ASCII)


def major_version(version: str) -> int:
    """The number that it begins with; 0 where it begins with none."""
    found = _DIGITS.match(version.strip())
    return int(found[0]) if found else 0
