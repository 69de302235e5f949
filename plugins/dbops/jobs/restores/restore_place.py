"""RestorePlace: where a target lives, who may make and rename databases there, and the keys of its backups."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.age import IdentitySource, no_identities
from dbops.gateways.server.database_server import DatabaseServer


@dataclass(frozen=True)
class RestorePlace:
    """``live`` is the target's own connection; ``admin`` that of ``restore.connection``, else the same.

    ``identities`` looks the keys of encrypted backups up, and is asked only where there is one to be opened.
    """

    live: DatabaseAddress
    admin: DatabaseAddress
    identities: IdentitySource = no_identities

    def server(self, target: Target) -> DatabaseServer:
        """The server; raises InvalidConnection where a pooler is between, and DatabaseError."""
        self.live.require_direct(target.connection)
        self.admin.require_direct(target.restore.connection or target.connection)
        return DatabaseServer(self.admin, self.live.database)

    def exists(self, target: Target, database: str) -> bool:
        """Whether the server has a database of that name; raises InvalidConnection and DatabaseError."""
        return self.server(target).oid_of(database) is not None
