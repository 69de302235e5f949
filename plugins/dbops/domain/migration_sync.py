"""Migration sync: at which migrations a restored state is, against those in the repository's folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class MigrationSync:
    """``applied`` is None where the database keeps no ledger. Names in the ledger's and the folder's order."""

    folder: tuple[str, ...]
    applied: tuple[str, ...] | None = None
    failed: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[str, ...]:
        """In the folder, and not applied to this state."""
        return tuple(name for name in self.folder if name not in (self.applied or ()))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Applied to this state, and not in the folder."""
        return tuple(name for name in self.applied or () if name not in self.folder)

    def sentence(self) -> str:
        """For the report."""
        if self.applied is None:
            return f"The restored state has no ledger of migrations (_prisma_migrations){_folder(self.folder)}."
        parts = [f"its newest migration is {self.applied[-1]}" if self.applied else "no migration was applied to it"]
        if self.pending:
            parts.append(f"not applied to it, though in the repository: {', '.join(self.pending)}")
        if self.unknown:
            parts.append(f"applied to it, and not in the repository: {', '.join(self.unknown)}")
        if self.failed:
            parts.append(f"begun and never finished: {', '.join(self.failed)}")
        if not (self.pending or self.unknown or self.failed):
            parts.append("the repository's folder has the same")
        return f"Migrations of the restored state: {'; '.join(parts)}."


def _folder(names: Sequence[str]) -> str:
    return f"; the repository has {', '.join(names)}" if names else ""
