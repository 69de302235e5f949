"""Subscriptions of a copy: they name the slot that the original reads, and must never touch it."""

from __future__ import annotations

from sqlalchemy import text

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.database_settings import quote_name
from dbops.gateways.server.sessions import changing

_NAMES = """SELECT subname::text FROM pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY subname"""


def detach_subscriptions(address: DatabaseAddress, *, drop: bool = False) -> None:
    """Part the subscriptions of that database from their slots, and ``drop`` them; raises DatabaseError.

    A subscription that is dropped with its slot drops the slot on the publisher. A database that has one cannot be
    dropped at all.
    """
    with changing(address) as session:
        for name in session.execute(text(_NAMES)).scalars().all():
            subscription = f"SUBSCRIPTION {quote_name(name)}".replace("%", "%%")
            session.exec_driver_sql(f"ALTER {subscription} DISABLE")
            session.exec_driver_sql(f"ALTER {subscription} SET (slot_name = NONE)")
            if drop:
                session.exec_driver_sql(f"DROP {subscription}")
