"""What our role lacks to execute a probe, and the GRANT that gives it: no fault of the probe's file."""

from __future__ import annotations

import re
from collections.abc import Sequence

import psycopg2

from dbops.domain.sql.object_names import in_sql, quoted
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.probing.session import Session

_WRITING = ("INSERT", "UPDATE", "DELETE")


def lacking(session: Session, said: str, texts: Sequence[str]) -> str:
    """What the server has ``said``, and what to do: the GRANTs that these statements need, as far as can be told.

    No full stop at its end, and nothing of the statements in it. Raises DatabaseError.
    """
    grants = list(dict.fromkeys(grant for text in texts for grant in _grants(session, text)))
    return f"{said}; {' and '.join(grants) or 'grant it that'}, or name a role that may under probes.connection"


def _grants(session: Session, text: str) -> list[str]:
    try:
        with session.reading():
            session.ask(f"PREPARE dbops_privileges AS {text}")
            try:
                rows = session.ask(catalog_sql("privileges_lacking"))
            finally:
                session.ask("DEALLOCATE dbops_privileges")
    except psycopg2.Error as error:  # as where a schema may not be used: the server has named it
        session.require(error)
        return []
    return [
        f"GRANT {', '.join(missing)} ON {in_sql(schema, name)} TO {quoted(role)}"
        for schema, name, mode, role, absent in rows
        if (missing := [one for one in _needed(mode, text) if one in absent])
    ]


def _needed(mode: str, text: str) -> list[str]:
    """What a statement does to a table that it has locked so."""
    if mode == "AccessShareLock":
        return ["SELECT"]
    if mode == "RowShareLock":  # FOR UPDATE and its like
        return ["SELECT", "UPDATE"]
    writes = [one for one in _WRITING if re.search(rf"\b{one}\b", text, re.IGNORECASE)]
    return writes if writes == ["INSERT"] else ["SELECT", *writes]
