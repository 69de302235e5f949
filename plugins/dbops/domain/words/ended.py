"""Ended: that a run has come to its end before its act, and why; a part of the record that it keeps in the bucket."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dbops.domain.words.recorded import Moment


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class Ended:
    """``rejected`` by who answered, or ``refused`` for what the plan has found in its way.

    ``why`` is what people were told; ``by`` is None where nobody has said so: silence, or a plan.
    """

    word: Literal["rejected", "refused"]
    why: str
    when: Moment
    by: str | None = None
