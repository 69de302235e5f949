"""Picture: a PNG that an alert shows."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Picture:
    """``alt`` says what it shows to whoever does not see it."""

    png: bytes = field(repr=False)
    alt: str
