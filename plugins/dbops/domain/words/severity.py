"""Severity: whether a rule that does not hold makes a run red, or is a mere warning."""

from __future__ import annotations

from typing import Literal

Severity = Literal["error", "warning"]
