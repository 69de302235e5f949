"""Advice: what would make an operation faster, read from its plan; and the index that a plan asks for."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

AdviceKind = Literal["missing_index", "pagination", "statistics", "round_trips", "plan_changed", "trigger"]
Origin = Literal["plan", "recommended", "baseline"]


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class Advice:
    """One piece: ``sentence`` says what was seen and what to do, ``sql`` does it, where a statement can."""

    kind: AdviceKind
    sentence: str
    sql: str = ""


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class IndexProposal:
    """An index that the plans of ``probes`` ask for. It is unproven: nobody has tried it yet.

    ``statement`` is the CREATE INDEX CONCURRENTLY, and ``revert`` takes it away again. Both name what they are about
    with its schema, so that they mean the same whatever search_path is; only a statement that a person has written into
    schema.yaml stays as it is, where a table without a schema is one of public. ``table`` is as people write it,
    ``why`` says what the plans do without it. ``origin`` is where the index is known from: the plans alone, or the
    schema.yaml that recommends or demands it.
    """

    name: str
    table: str
    statement: str
    revert: str
    probes: tuple[str, ...]
    why: str
    origin: Origin = "plan"
