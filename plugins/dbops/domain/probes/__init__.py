"""Probes: the application's critical operations, how long they take, and what that means."""

from __future__ import annotations

from dbops.domain.probes.probe import Draw, Drawn, Probe, Statement

__all__ = ["Draw", "Drawn", "Probe", "Statement"]
