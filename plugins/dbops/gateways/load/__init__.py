"""Load: puts a server under load, step by step, and never takes the connections that others need."""

from __future__ import annotations

from dbops.gateways.load.steps import put_under_load

__all__ = ["put_under_load"]
