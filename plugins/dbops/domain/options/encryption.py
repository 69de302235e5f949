"""Encryption: who can read a target's backups, by age's public keys."""

from __future__ import annotations

from pydantic import field_validator

from dbops.domain.options.recipient import Recipient
from dbops.domain.options.section import ConnectionId, Section


class Encryption(Section):
    """For whom a target's backups are encrypted, and where those who restore find their keys.

    Without recipients they are not encrypted. Each of the ``recipients`` alone can decrypt; whoever makes backups needs
    nothing else. ``identities`` are connections whose passwords are the secret keys; only a restore and a drill look
    them up, and they may outlive their recipients, for the backups that were made before.
    """

    recipients: tuple[Recipient, ...]
    identities: tuple[ConnectionId, ...] = ()

    @field_validator("recipients")
    @classmethod
    def _are_different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("one of them is there twice")
        return value
