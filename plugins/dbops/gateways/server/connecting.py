"""How every session begins: whose functions and operators it finds is said by us, and not by the database's owner.

Whoever may create something in a schema of the search_path can make a function or an operator that a query of ours
takes for PostgreSQL's own, and it then runs with all that our role may. An owner writes the path itself, with ALTER
DATABASE ... SET search_path. So this is the only module that connects, and one that has no choice connects pinned.
"""

from __future__ import annotations

from typing import Any

import psycopg2
from psycopg2 import extensions
from sqlalchemy import Engine, create_engine

from dbops.domain.servers.address import DatabaseAddress

# Named last, a session's temporary objects hide nothing; unnamed, they would come first.
_PINNED = "search_path = pg_catalog, pg_temp"


class _Pinning(extensions.cursor):
    """Begins each transaction with the path. Not the session: behind a pooler it is others' after the transaction.

    Nor does it come with the log-in: poolers refuse or forget settings there.
    """

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the name is the driver's
        if not self.connection.autocommit and self.connection.status == extensions.STATUS_READY:
            with self.connection.cursor(cursor_factory=extensions.cursor) as first:
                first.execute(f"SET LOCAL {_PINNED}")
        super().execute(query, vars)


def connect(address: DatabaseAddress, *, autocommit: bool = False) -> Any:
    """A psycopg2 connection that finds what has no schema in pg_catalog alone; raises psycopg2.Error.

    Every name can be read in it. One in ``autocommit`` has to be a session of our own, for so is then its path.
    """
    connection = connect_as_application(address)
    try:
        if autocommit:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"SET {_PINNED}")
        else:
            connection.cursor_factory = type("Cursor", (_Pinning, connection.cursor_factory or extensions.cursor), {})
    except BaseException:
        connection.close()
        raise
    return connection


def engine(address: DatabaseAddress, *, autocommit: bool = False, **pool: Any) -> Engine:
    """SQLAlchemy's engine over such connections; ``pool`` is what it takes for its pool."""
    # Else it looks for the type hstore in each new connection, past our cursor.
    return create_engine(
        "postgresql+psycopg2://",
        creator=lambda: connect(address, autocommit=autocommit),
        use_native_hstore=False,
        **pool,
    )


def connect_as_application(address: DatabaseAddress) -> Any:
    """One whose path is what the database, the role and the address say: for SQL that others wrote, which means it."""
    connection = psycopg2.connect(**address.libpq_parameters())
    if connection.encoding in {"SQLASCII", "SQL_ASCII"}:  # the driver would refuse every name beyond ASCII
        connection.set_client_encoding("LATIN1")
    return connection
