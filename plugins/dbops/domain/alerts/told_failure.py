"""ToldFailure: that people were told of a failed backup or drill, until they are told that it is over.

Airflow cannot be asked for it: a run without a logical date is before no other, and one that was cleared has failed no
more. docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.words.recorded import Moment


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class ToldFailure:
    """``moment`` is when people had been told that ``run`` has failed, or, where it ``is_over``, of that."""

    run: str
    moment: Moment
    is_over: bool = False
    format: Literal[1] = 1

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> ToldFailure:
        """Read one; raises ValueError where it is not one of format 1."""
        return _ADAPTER.validate_json(body)


_ADAPTER = TypeAdapter(ToldFailure)
