"""Promise: what needs an approval is not done without one to this very plan, in time, and unused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbops.domain.approvals import Approval
from dbops.domain.restore_record import RestoreState
from dbops.errors import (
    ApprovalMissing,
    PlanChanged,
)
from dbops.gateways.approvals import record_approval
from tests.restoring import Restoring


def approval(restoring: Restoring, action: str, digest: str, **changed: Any) -> Approval:
    now = datetime.now(UTC)
    facts: dict[str, Any] = {
        "target": restoring.target.name,
        "action": action,
        "digest": digest,
        "run": restoring.run,
        "requested_by": "alice",
        "requested": now,
        "answered_by": "bob",
        "answered_by_id": "bob",
        "answered": now,
        "valid_until": now + timedelta(hours=4),
    }
    return Approval(**{**facts, **changed})


def test_no_swap_without_approval(restoring: Restoring) -> None:
    restoring.approve = ("swap",)
    restoring.restored(mode="swap")

    with restoring.refusing(ApprovalMissing, "Nobody has approved the swap"):
        restoring.swap()


def test_an_approved_swap_goes_through_once(restoring: Restoring) -> None:
    restoring.approve = ("swap",)
    digest = restoring.restored(mode="swap").digest
    record_approval(restoring.loader.bucket, restoring.target, approval(restoring, "swap", digest))

    record = restoring.swap()

    assert (record.state, record.approved_by) == (RestoreState.SWAPPED, "bob")
    assert restoring.swap() == record
    live, before, again = (f'"{name}"' for name in (record.live, record.before, record.database))
    restoring.tell(
        f"ALTER DATABASE {live} RENAME TO {again}", f"ALTER DATABASE {before} RENAME TO {live}", database="postgres"
    )
    with restoring.refusing(PlanChanged, "is not there any more"):
        restoring.swap()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"digest": "0" * 64}, "the plan has changed"),
        ({"answered": datetime.now(UTC) - timedelta(hours=5)}, "too old by now"),
    ],
    ids=["another digest", "stale"],
)
def test_an_approval_that_does_not_count(restoring: Restoring, changed: dict[str, Any], words: str) -> None:
    restoring.approve = ("swap",)
    digest = restoring.restored(mode="swap").digest
    record_approval(
        restoring.loader.bucket, restoring.target, approval(restoring, "swap", **{"digest": digest, **changed})
    )

    with restoring.refusing(ApprovalMissing, words):
        restoring.swap()


def test_an_approval_of_the_plan_before_a_change_does_not_count(restoring: Restoring) -> None:
    restoring.approve = ("swap",)
    digest = restoring.restored(mode="swap").digest
    record_approval(restoring.loader.bucket, restoring.target, approval(restoring, "swap", digest))
    restoring.tell("CREATE TABLE crm.more (n int)")

    with restoring.refusing(PlanChanged, "is not what its plan says"):
        restoring.swap()


def test_a_restore_that_needs_an_approval_is_not_even_begun_without(restoring: Restoring) -> None:
    restoring.approve = ("restore", "swap")
    digest = restoring.plan(mode="swap").digest

    with restoring.refusing(ApprovalMissing, "Nobody has approved the restore"):
        restoring.load()
    record_approval(restoring.loader.bucket, restoring.target, approval(restoring, "restore", digest))
    restoring.load()
    restoring.analyze()
    restoring.verify()
    with restoring.refusing(ApprovalMissing, "Nobody has approved the swap"):
        restoring.swap()
    record_approval(restoring.loader.bucket, restoring.target, approval(restoring, "swap", digest))
    assert restoring.swap().state is RestoreState.SWAPPED
