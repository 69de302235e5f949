"""The fingerprint of a whole schema: what a migration's plan was made for, and an approval of it is given for."""

from __future__ import annotations

import hashlib
import json

from dbops.domain.archives.schema_comparison import fingerprint
from dbops.domain.schema.baseline import signatures
from dbops.domain.schema.drift import without_ledger
from dbops.domain.schema.unmodelled_objects import entries_without_ledger
from dbops.domain.schema.whole_schema import WholeSchema


def schema_fingerprint(schema: WholeSchema) -> str:
    """A sha256 over all that both readers see, but for rows, owners, grants and the ledger, which a plan reads itself.

    What pg_dump leaves out, as an index whose build has failed, is in the catalog.
    """
    catalog = signatures(without_ledger(schema.catalog))
    parts = {
        "catalog": {kind: sorted(texts) for kind, texts in catalog.items()},
        "objects": fingerprint(entries_without_ledger(schema.entries)),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
