"""What tests do to a restore's record and its approvals, as they lie in the bucket."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from dbops.domain.approvals.approval import Approval
from dbops.domain.backups.layout import Layout
from dbops.gateways.store.approvals import record_approval
from tests.restoring import Restoring


def edit(restoring: Restoring, **changed: Any) -> None:
    """Change the record as it lies in the bucket, as who may write there can."""
    key = Layout(restoring.target.root).restore(restoring.run)
    record = json.loads(restoring.loader.bucket.get(key))
    restoring.loader.bucket.put(key, json.dumps({**record, **changed}).encode())


def oid_of(restoring: Restoring, database: str) -> int:
    """The oid of a database of the same server."""
    oids = dict(restoring.ask("SELECT datname, oid::int FROM pg_database", "postgres"))
    return int(oids[database])


def yes(restoring: Restoring, action: str, digest: str) -> None:
    """Have somebody approve that plan, by now."""
    now = datetime.now(UTC)
    approval = Approval(
        target=restoring.target.name,
        action=action,
        digest=digest,
        run=restoring.run,
        requested_by="alice",
        requested=now,
        answered_by="bob",
        answered_by_id="bob",
        answered=now,
        valid_until=now + timedelta(hours=4),
    )
    record_approval(restoring.loader.bucket, restoring.target, approval)
