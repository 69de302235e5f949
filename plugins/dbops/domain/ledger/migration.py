"""Migration: one numbered folder of SQL below include/sql/<target>/migrations, as Prisma Migrate has it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Migration:
    """``name`` is the folder's, ``body`` migration.sql to the byte, ``down`` the text of down.sql, where there is one.

    ``concurrently`` says that it is a single statement with CONCURRENTLY, mostly a CREATE INDEX, which runs outside of
    a transaction.
    """

    name: str
    body: bytes
    down: str | None = None
    concurrently: bool = False

    @property
    def sql(self) -> str:
        """The text of migration.sql."""
        return self.body.decode("utf-8")

    @property
    def checksum(self) -> str:
        """What the ledger keeps of it: the sha256 of migration.sql, in hex."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def down_checksum(self) -> str | None:
        """The same of down.sql; None where there is none."""
        return checksum_of(self.down)

    def is_recorded_as(self, checksum: str) -> bool:
        """Whether a ledger's checksum is of this text: as for Prisma, other ends of lines are no other text."""
        plain = self.body.replace(b"\r\n", b"\n")
        variants = (self.body, plain, plain.replace(b"\n", b"\r\n"))
        return any(hashlib.sha256(body).hexdigest() == checksum for body in variants)


def checksum_of(text: str | None) -> str | None:
    """The sha256 of a text in hex; None where there is none."""
    return None if text is None else hashlib.sha256(text.encode("utf-8")).hexdigest()


def in_order(name: str) -> tuple[Sequence[tuple[int, str]], Sequence[bool]]:
    """What names of migrations are sorted by, as Prisma 7 does: ``_`` before ``-`` before digits before letters.

    Capitals decide only between names that are equal but for them. Prisma 6 sorts by bytes, which differs where the
    numbers that names begin with are not equally long.
    """
    ranks = [(_MARKS.find(letter) if letter in _MARKS else len(_MARKS), letter) for letter in name.lower()]
    return ranks, [letter.isupper() for letter in name]


_MARKS = "_-."
