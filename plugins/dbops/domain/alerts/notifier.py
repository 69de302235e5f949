"""Notifier: another way than e-mail for an alert to reach people, as include/notifiers.yaml describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dbops.domain.alerts.alert import Severity


def word_of(severity: Severity) -> str:
    """How ``only`` writes it: ``break_glass``."""
    return severity.value.lower().replace(" ", "_")


SEVERITIES = {word_of(severity): severity for severity in Severity}


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """A class of Airflow's notifiers by its import path, and the keywords that it is made with.

    ``only`` are the severities that it is told of. ``line`` is where it stands in the file, ``lines`` where each of
    its keywords does.
    """

    name: str
    class_path: str
    keywords: Mapping[str, Any]
    only: frozenset[Severity] = frozenset(Severity)
    line: int | None = None
    lines: Mapping[str, int]

    def line_of(self, keyword: str) -> int | None:
        """Where the keyword stands, else the notifier."""
        return self.lines.get(keyword, self.line)
