"""Halt: how a load ends before its time, wherever that is noticed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class Halt:
    """Why everything has to end, if it has to: ``stopping`` is what the threads look at; the first reason stays."""

    stopping: threading.Event = field(default_factory=threading.Event)
    reason: str = ""

    def because(self, reason: str) -> None:
        """Let everything end."""
        self.reason = self.reason or reason
        self.stopping.set()
