"""TakenOver: the database that a restore swaps in without loading anything, for an earlier run has loaded it."""

from __future__ import annotations

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dbops.domain.words.recorded import Moment, Real, Whole


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class TakenOver:
    """``run`` is the one from which it is taken over, and ``loaded_by`` the one that has loaded it: often the same.

    ``planned`` is when that one was planned, of which the database has its name; ``oid`` says that it is that very
    database. ``verified`` is when a verification of it passed last, which took ``verify_seconds``.
    """

    run: str
    loaded_by: str
    planned: Moment
    oid: Whole
    verified: Moment
    verify_seconds: Real
