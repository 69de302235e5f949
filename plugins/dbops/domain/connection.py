"""DatabaseAddress: how to reach a PostgreSQL database, in whatever form people wrote it. (Contract; see its owner.)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DatabaseAddress:
    """Where a database is and who we are there. Its ``str()`` and ``repr()`` never show the password.

    ``options`` are libpq keywords (sslmode, sslrootcert, ...). ``pooled`` means: through a transaction pooler.
    ``search_schema`` is Prisma's ``?schema=``.
    """

    database: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    search_schema: str | None = None
    pooled: bool = False

    @classmethod
    def from_url(cls, url: str) -> DatabaseAddress:
        """Read a connection URL in every form people have; raises InvalidConnection without repeating the password."""
        raise NotImplementedError

    def libpq_environment(self) -> dict[str, str]:
        """The PG* variables for PostgreSQL's own programs (PGHOST, PGPASSWORD, ...): credentials never go into arguments."""
        raise NotImplementedError

    def libpq_parameters(self) -> dict[str, str]:
        """The same as libpq keywords, for the driver."""
        raise NotImplementedError
