"""Migration: one numbered folder of SQL below include/sql/<target>/migrations, as Prisma Migrate has it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Migration:
    """``name`` is the folder's, ``body`` migration.sql to the byte, ``down`` the text of down.sql, where there is one.

    ``concurrently`` says that it is a single CREATE or DROP INDEX CONCURRENTLY, which runs outside of a transaction.
    ``source`` is the file below include/.
    """

    name: str
    body: bytes
    down: str | None = None
    concurrently: bool = False
    source: str = ""

    @property
    def sql(self) -> str:
        """The text of migration.sql."""
        return self.body.decode("utf-8")

    @property
    def checksum(self) -> str:
        """What the ledger keeps of it: the sha256 of migration.sql, in hex."""
        return hashlib.sha256(self.body).hexdigest()
