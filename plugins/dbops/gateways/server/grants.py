"""Who owns and who may use what in a database: what no comparison of schemas sees, and a DROP with a CREATE loses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from sqlalchemy import text

from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 60_000

Grants = Mapping[str, str]
"""By the kind and the name of an object, its owner and its grants as PostgreSQL writes them."""


def read_grants(address: DatabaseAddress) -> Grants:
    """Those of every schema but the server's own, without the ledger's; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        rows = session.execute(text(catalog_sql("grants"))).all()
    return {f"{kind} {name}": f"{owner}: {', '.join(grants)}" for kind, name, owner, grants in rows}


def grants_fingerprint(grants: Grants) -> str:
    """A sha256 over all of them."""
    return hashlib.sha256(json.dumps(dict(grants), sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
