"""Surroundings: what a verb finds outside of the program."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways import environment
from dbops.gateways.clock import utc_now
from dbops.gateways.files.target_files import named_targets
from dbops.gateways.store.bucket import Bucket

if TYPE_CHECKING:
    from dbops.gateways.age import Identities
    from dbops.jobs.restores.restore_place import RestorePlace


def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


@dataclass(frozen=True)
class Surroundings:
    """What lies outside of the program: where targets, buckets and databases are found, the time, and who asks.

    ``look_up_database`` is given a target, and how many targets there are, see ``environment.database_address``.
    """

    include: Path
    open_bucket: Callable[[Target], Bucket] = environment.open_bucket
    look_up_database: Callable[[Target, int], DatabaseAddress] = environment.database_address
    address_of: Callable[[str], DatabaseAddress] = environment.address_of
    identities: Callable[[Target], Identities] = environment.identities
    clock: Callable[[], datetime] = utc_now
    who: str = field(default_factory=_who)

    def database_address(self, target: Target) -> DatabaseAddress:
        """Where the target's own connection leads; raises InvalidConnection."""
        return self.look_up_database(target, len(named_targets(self.include) or ()))

    def restore_place(self, target: Target) -> RestorePlace:
        """Where the target lives, and as whom databases are made and renamed there; raises InvalidConnection."""
        from dbops.jobs.restores.restore_place import RestorePlace

        live, own = self.database_address(target), target.restore.connection
        return RestorePlace(live, self.address_of(own) if own else live, lambda: self.identities(target))

    def scratch_address(self, target: Target) -> DatabaseAddress | None:
        """The server of drill.connection; None: a throw-away one of this machine. Raises InvalidConnection."""
        own = target.drill.connection
        return self.address_of(own) if own else None

    def probing_address(self, target: Target) -> DatabaseAddress:
        """Where and as whom the target's probes are executed; raises InvalidConnection."""
        return self._own_address(target, target.probes.connection)

    def migrating_address(self, target: Target) -> DatabaseAddress:
        """Where and as whom the target is migrated; raises InvalidConnection."""
        return self._own_address(target, target.migrations.connection)

    def _own_address(self, target: Target, connection: str | None) -> DatabaseAddress:
        # Not address_of(target.connection): what the shell knows of the target's own may be in DATABASE_URL.
        return self.address_of(connection) if connection else self.database_address(target)
