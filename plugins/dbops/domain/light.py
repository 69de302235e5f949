"""Light: how soon somebody has to look at a target, and the one table that says what is how bad.

docs/page.md is the public copy of this table; change both together.
"""

from __future__ import annotations

from enum import StrEnum


class Light(StrEnum):
    """The worst first. What nobody knows comes before what is safe: silence is no proof."""

    RED = "act now"
    AMBER = "look"
    GREY = "not known"
    GREEN = "safe"
