"""Probe: one named SQL operation of the application, as its file below include/sql/<target>/probes has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Statement:
    """One statement: ``sql`` with its parameters as the driver takes them, ``%(name)s``; ``line`` is its first.

    Every other percent sign is doubled, with and without parameters: execute it with a mapping, even an empty one.
    """

    sql: str
    parameters: tuple[str, ...] = ()
    line: int = 1


@dataclass(frozen=True)
class Draw:
    """A kind of parameters, say those of heavy users: each row of ``query`` is one set, its columns their names.

    The query is as it was written, without parameters: execute it without a mapping.
    """

    kind: str
    query: str


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What is executed, how often, and how long it may take.

    ``title`` says what it stands for, ``model`` groups it in the report. ``budget_ms`` is the line under which its p95
    must stay, in milliseconds. Statements that are ``writes`` run in a transaction that is always rolled back, all
    others in a session that can only read. With ``connections`` above 1 that many are opened at once, and each asks:
    the cold start of a connection pool. ``draws`` is empty where there are no parameters. ``source`` is the file below
    include/.
    """

    name: str
    title: str
    model: str
    budget_ms: float
    statements: tuple[Statement, ...]
    samples: int = 40
    writes: bool = False
    connections: int = 1
    draws: tuple[Draw, ...] = ()
    source: str = ""

    @property
    def is_pool(self) -> bool:
        """Whether it measures many connections at once instead of one after the other."""
        return self.connections > 1


@dataclass(frozen=True)
class Drawn:
    """One set of parameters, of one kind. Its values are rows of the database: they are never shown and never kept."""

    kind: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
