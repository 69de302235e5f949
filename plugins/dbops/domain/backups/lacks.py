"""Lacks: what a backup does not have because pg_dump writes it for superusers only, or for its owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbops.domain.words.quantities import listed

_NAMED = 10
_ACCEPT = "or accept it with allow: [partial_backup]."


@dataclass(frozen=True)
class Lacks:
    """``subscriptions`` by name, and whose ``user_mappings`` for which foreign server have options nobody else may see.

    Names only: what is lacking are connection strings and passwords.
    """

    subscriptions: tuple[str, ...] = ()
    user_mappings: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Each of them, for the manifest."""
        return (*self._subscriptions, *self._mappings)

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each kind, with what to do."""
        return tuple(self._sentences())

    @property
    def _subscriptions(self) -> list[str]:
        return [f"subscription {name}" for name in self.subscriptions]

    @property
    def _mappings(self) -> list[str]:
        return [f"the options of the user mapping of {role} for the server {server}"
                for role, server in self.user_mappings]  # fmt: skip

    def _sentences(self) -> Iterator[str]:
        if self.subscriptions:
            yield (
                f"The backup lacks {listed(self._subscriptions, named=_NAMED)}: pg_dump writes subscriptions for a "
                "superuser only. Keep their CREATE SUBSCRIPTION elsewhere, to execute it by hand after a restore; let "
                f"a superuser back up; {_ACCEPT}"
            )
        if self.user_mappings:
            yield (
                f"The backup lacks {listed(self._mappings, named=_NAMED)}: the role may not read them, nor whether "
                "there are any, such as a password. After a restore set them by hand, with ALTER USER MAPPING; let a "
                f"superuser back up; {_ACCEPT}"
            )


def lacks_warning(names: tuple[str, ...]) -> tuple[str, ...]:
    """What whoever restores such a backup has to know; nothing where it lacks nothing."""
    if not names:
        return ()
    return (f"The backup lacks {listed(names, named=_NAMED)}: create it by hand afterwards, or do without it.",)
