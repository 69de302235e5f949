"""Retired: what is wrong with include/retired.yaml, as a problem of the watch."""

from __future__ import annotations

from dbops.domain.fault import Fault
from dbops.domain.watch.problem import Problem, fault_problem


def retired_problem(fault: Fault) -> Problem:
    """What is wrong with it, for the watch's mail: no database goes without backups because of it."""
    return fault_problem(fault, "retired", "the loss of a target's file may not be noticed")
