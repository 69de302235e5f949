"""MigratedCheck: whether a database is what its migrations make, after they were applied."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.schema.drift import errors_of
from dbops.domain.schema.object_differences import Difference


@dataclass(frozen=True, kw_only=True)
class MigratedCheck:
    """``differences`` are from the migrations replayed on scratch, ``invalid`` indexes whose build has failed.

    ``unfinished`` have a row of the ledger that was never finished, ``pending`` have none.
    """

    differences: tuple[Difference, ...] = ()
    invalid: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, a sentence each; empty where all is well."""
        return (
            *(f"{one.sentence}." for one in errors_of(self.differences)),
            *(f"The index {name} is INVALID." for name in self.invalid),
            *(f"By the ledger {name} was begun and never finished." for name in self.unfinished),
            *(f"{name} is not applied." for name in self.pending),
        )
