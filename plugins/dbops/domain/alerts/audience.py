"""Audience: whom an alert reaches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Audience:
    """``recipients`` are e-mail addresses, ``notify`` the names of notifiers in include/notifiers.yaml."""

    recipients: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()

    @classmethod
    def together(cls, audiences: Iterable[Audience]) -> Self:
        """Everyone who is in any of them, once."""
        each = list(audiences)
        return cls(
            tuple(dict.fromkeys(address for one in each for address in one.recipients)),
            tuple(dict.fromkeys(name for one in each for name in one.notify)),
        )

    def __bool__(self) -> bool:
        return bool(self.recipients or self.notify)
