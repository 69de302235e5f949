"""What a PostgreSQL server offers to a database that is to be restored into it."""

from __future__ import annotations

from typing import Any

from dbops.domain.archives.needs import ServerOffer

# Also a server without ICU has one of ICU's collations in its catalog; those of the library itself end in -x-icu.
_OFFER = """
SELECT current_setting('server_version_num')::int / 10000,
       ARRAY(SELECT name::text FROM pg_available_extensions),
       ARRAY(SELECT collname::text FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace),
       EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i' AND collname LIKE '%-x-icu'),
       pg_is_in_recovery()
"""


def read_offer(connection: Any) -> ServerOffer:
    """Ask the server behind a psycopg2 connection; raises psycopg2.Error."""
    with connection.cursor() as cursor:
        cursor.execute(_OFFER)
        major, extensions, collations, has_icu, is_replica = cursor.fetchone()
    return ServerOffer(
        major=major,
        extensions=frozenset(extensions),
        collations=frozenset(collations),
        has_icu=has_icu,
        is_replica=is_replica,
    )
