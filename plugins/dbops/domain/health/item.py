"""HealthItem: one thing about a server that its latency depends on, and from when on it is a worry."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class HealthItem:
    """``value`` and ``threshold`` are for people, ``remedy`` what to do, empty where it is ok, ``sql`` what shows more.

    It is unknown where our role may not see it: ``remedy`` then names the privilege that lacks.
    """

    name: str
    value: str
    threshold: str
    status: Literal["ok", "warning", "unknown"]
    remedy: str = ""
    sql: str = ""
