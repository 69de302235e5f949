"""The fingerprint of a whole schema: what a migration's plan was made for, and an approval of it is given for."""

from __future__ import annotations

import hashlib
import json

from dbops.domain.ledger import LEDGER
from dbops.domain.schema_baseline import signatures, without
from dbops.domain.schema_comparison import fingerprint
from dbops.domain.unmodelled_objects import is_of_ledger
from dbops.domain.whole_schema import WholeSchema


def schema_fingerprint(schema: WholeSchema) -> str:
    """A sha256 over all that both readers see, but for rows, owners, grants and the ledger, which a plan reads itself.

    What pg_dump leaves out, as an index whose build has failed, is in the catalog.
    """
    catalog = without(schema.catalog, [name for name in schema.catalog.tables if name[1] == LEDGER])
    by_id = {entry.dump_id: entry for entry in schema.entries}
    parts = {
        "catalog": {kind: sorted(texts) for kind, texts in signatures(catalog).items()},
        "objects": fingerprint(entry for entry in schema.entries if not is_of_ledger(entry, by_id, LEDGER)),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
