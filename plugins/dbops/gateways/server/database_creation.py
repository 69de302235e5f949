"""create_like: an empty database that is like the one an archive was made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg2
from psycopg2 import sql

from dbops.domain.archives.database_definition import creation_options
from dbops.domain.archives.toc_entry import TocEntry


def create_like(connection: Any, name: str, entries: Sequence[TocEntry]) -> str | None:
    """Create it; a sentence where the server lacks its locale, and it sorts as C does. Raises psycopg2.Error.

    ``connection`` is in autocommit.
    """
    as_it_was, as_c_sorts = creation_options(entries, major=connection.server_version // 10000)
    create = sql.SQL("CREATE DATABASE {} ").format(sql.Identifier(name))
    with connection.cursor() as cursor:
        try:
            cursor.execute(create + sql.SQL(as_it_was))
        except psycopg2.Error as refusal:
            if connection.closed:
                raise
            try:
                cursor.execute(create + sql.SQL(as_c_sorts))
            except psycopg2.Error:
                raise refusal from None  # it was not the locale
            said = str(refusal).strip().splitlines()[0]
            return f"The database could not be created with its own locale ({said}): text was sorted as in locale C."
    return None
