"""A yes as people give it in Airflow, for tests of what comes of it."""

from __future__ import annotations

from datetime import timedelta

from dbops.domain.approvals.approval import Approval
from dbops.domain.target import Target
from dbops.gateways.store.approvals import record_approval
from dbops.gateways.store.bucket import Bucket
from tests.clock import now

BY = "second"


def approve(bucket: Bucket, target: Target, *, run: str, action: str, digest: str) -> None:
    """Record that ``BY`` has said yes to the plan of that digest, for an hour."""
    approval = Approval(
        target=target.name,
        action=action,
        digest=digest,
        run=run,
        requested_by="first",
        requested=now(),
        answered_by=BY,
        answered_by_id="2",
        answered=now(),
        valid_until=now() + timedelta(hours=1),
    )
    record_approval(bucket, target, approval)
