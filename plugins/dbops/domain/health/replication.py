"""Replication: slots that keep WAL for nobody, and replicas that are behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.health.concern import Concern, HealthServer, lasting, statements
from dbops.domain.health.item import HealthItem
from dbops.domain.sql.text import literal
from dbops.domain.words.quantities import format_bytes, format_count, listed

_RETAINED, _BEHIND_BYTES, _BEHIND_SECONDS = 1024**3, 256 * 1024**2, 60.0
_LOST = ("lost", "unreserved")
SLOTS = Concern("replication slots", "each in use, and less than 1 GiB of WAL kept for it")
REPLICAS = Concern("replicas", "less than 1m and less than 256 MiB behind")


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A replication slot; ``retained_bytes`` is None where it keeps no WAL, having never been used."""

    name: str
    type: str
    active: bool
    wal_status: str
    retained_bytes: int | None
    inactive_seconds: float | None

    def __str__(self) -> str:
        words = [self.type, "in use" if self.active else "inactive"]
        if not self.active and self.inactive_seconds is not None:
            words[-1] += f" for {lasting(self.inactive_seconds)}"
        if self.wal_status in _LOST:
            words.append(f"its WAL is {self.wal_status}")
        if self.retained_bytes is not None:
            words.append(f"keeps {format_bytes(max(self.retained_bytes, 0))}")
        return f"{self.name} ({', '.join(words)})"

    @property
    def is_bad(self) -> bool:
        """Whether it keeps WAL for nobody, much of it, or has lost some already."""
        if self.wal_status in _LOST:
            return True
        return self.retained_bytes is not None and (not self.active or self.retained_bytes >= _RETAINED)


@dataclass(frozen=True, kw_only=True)
class Replica:
    """Who follows this server, or this server itself where it follows another; None is what nobody knows.

    Where it is ``hidden``, our role sees that it is there, and no more.
    """

    name: str
    role: str
    state: str
    behind_bytes: int | None
    behind_seconds: float | None
    hidden: bool

    def __str__(self) -> str:
        who = self.name or f"role {self.role}"
        words = [word for word in (self.state if self.state != "streaming" else "",) if word]
        if self.behind_bytes is not None:
            words.append(f"{format_bytes(max(self.behind_bytes, 0))} behind")
        if self.behind_seconds is not None:
            words.append(lasting(self.behind_seconds))
        return f"{who} ({', '.join(words)})" if words else who

    @property
    def is_bad(self) -> bool:
        """Whether it is too far behind, in bytes or in time."""
        return (self.behind_bytes or 0) >= _BEHIND_BYTES or (self.behind_seconds or 0.0) >= _BEHIND_SECONDS


def slots(found: Sequence[Slot]) -> HealthItem:
    """Slots of the whole server: its disk is one."""
    bad = [one for one in found if one.is_bad]
    if not bad:
        return SLOTS.ok(listed([str(one) for one in found]) or "none")
    remedy = (
        "The server keeps WAL, and dead rows, until the slot's reader has taken them: its disk may fill up. Start the "
        "reader again, or drop the slot if there is none any more; max_slot_wal_keep_size bounds what is kept."
    )
    sql = statements([f"SELECT pg_drop_replication_slot({literal(one.name)});" for one in bad if not one.active])
    return SLOTS.warning(listed([str(one) for one in bad]), remedy, sql or "SELECT * FROM pg_replication_slots;")


def replicas(found: Sequence[Replica], server: HealthServer) -> HealthItem:
    """How far behind each replica is; or this server, where it is one."""
    hidden = sum(one.hidden for one in found)
    more = f"; {format_count(hidden, 'replica')} not seen" if hidden else ""
    seen = [one for one in found if not one.hidden]
    if bad := [one for one in seen if one.is_bad]:
        remedy = (
            "Look at the network, at the replica's disk, and for queries on it that hold replay up "
            "(max_standby_streaming_delay). Readers see old rows meanwhile."
        )
        return REPLICAS.warning(listed([str(one) for one in bad]) + more, remedy, "SELECT * FROM pg_stat_replication;")
    if hidden:
        return REPLICAS.hidden(f"{format_count(hidden, 'replica')} not seen", server.monitoring)
    return REPLICAS.ok(listed([str(one) for one in seen]) or "none")
