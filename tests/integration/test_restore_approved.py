"""Promise: what needs an approval is not done without one to this very plan, in time, and unused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dbops.domain.approvals.approval import Approval
from dbops.domain.restores.record import RestoreState
from dbops.errors import (
    ApprovalMissing,
    PlanChanged,
    SwapFailed,
)
from dbops.gateways.store.approvals import record_approval
from dbops.gateways.store.restores import put_restore
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
    with restoring.refusing(PlanChanged, "no longer exists"):
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

    with restoring.refusing(PlanChanged, "is not what its plan says") as refused:
        restoring.swap()
    assert "With the database's credentials you can also put it into place by hand" in str(refused.value)


def test_a_yes_that_is_too_old_is_given_again_and_nothing_is_loaded_again(restoring: Restoring) -> None:
    """The client that was in the way is gone, and so is the yes of yesterday."""
    restoring.approve = ("swap",)
    verified = restoring.restored(mode="swap")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    old = approval(restoring, "swap", verified.digest, answered=yesterday, valid_until=yesterday + timedelta(hours=4))
    record_approval(restoring.loader.bucket, restoring.target, old)
    with restoring.refusing(ApprovalMissing, "too old by now") as refused:
        restoring.swap()
    assert "To be asked again, clear the task that asks" in str(refused.value)

    again = approval(restoring, "swap", verified.digest, answered_by="carol", answered_by_id="carol")
    record_approval(restoring.loader.bucket, restoring.target, again)
    swapped = restoring.swap()

    assert (swapped.state, swapped.oid, swapped.approved_by) == (RestoreState.SWAPPED, verified.oid, "carol")


def keys(restoring: Restoring, word: str) -> list[str]:
    """Of the approvals, those that were used up, or returned."""
    found = restoring.loader.bucket.list(f"{restoring.target.root}approvals/")
    return [stored.key for stored in found if f".{word}" in stored.key]


def test_the_yes_is_to_the_swap_as_it_is_when_all_is_verified(restoring: Restoring) -> None:
    restoring.approve = ("swap",)
    planned = restoring.restored(mode="swap")
    restoring.tell("CREATE TABLE crm.more (n int)")
    plan = restoring.plan_swap()
    record_approval(restoring.loader.bucket, restoring.target, approval(restoring, "swap", plan.digest))

    record = restoring.swap()

    assert (record.state, record.approved_by) == (RestoreState.SWAPPED, "bob")
    assert plan.digest != planned.digest


def test_a_yes_to_what_was_live_before_the_load_does_not_count(restoring: Restoring) -> None:
    restoring.approve = ("swap",)
    planned = restoring.restored(mode="swap")
    record_approval(restoring.loader.bucket, restoring.target, approval(restoring, "swap", planned.digest))
    restoring.tell("CREATE TABLE crm.more (n int)")
    restoring.plan_swap()

    with restoring.refusing(ApprovalMissing, "the plan has changed"):
        restoring.swap()


def test_a_swap_that_failed_and_changed_nothing_has_not_used_up_the_yes(restoring: Restoring) -> None:
    """Each attempt of the run uses it up and gives it back; the one that swaps keeps it, and there is none after it."""
    restoring.approve = ("swap",)
    record = restoring.restored(mode="swap")
    record_approval(restoring.loader.bucket, restoring.target, approval(restoring, "swap", record.digest))
    for _ in range(2):
        with psycopg.connect(restoring.url_of("postgres"), application_name="a migration") as holding:
            holding.execute(f"COMMENT ON DATABASE {restoring.quoted} IS 'mine'".encode())
            with restoring.refusing(SwapFailed, "a yes that still counts does not have to be given again"):
                restoring.swap()
            holding.rollback()

    record = restoring.swap()

    assert (record.state, record.approved_by) == (RestoreState.SWAPPED, "bob")
    assert (len(keys(restoring, "consumed")), len(keys(restoring, "returned"))) == (3, 2)
    live, before, again = (f'"{name}"' for name in (record.live, record.before, record.database))
    restoring.tell(
        f"ALTER DATABASE {live} RENAME TO {again}", f"ALTER DATABASE {before} RENAME TO {live}", database="postgres"
    )
    with restoring.refusing(PlanChanged, "no longer exists"):
        restoring.swap()
    # Also where the record of the swap was lost: the yes was used up for good before anything was renamed.
    put_restore(restoring.loader.bucket, restoring.target, record.at(RestoreState.VERIFIED, swapped=None))
    with restoring.refusing(ApprovalMissing, "has already been used: it counts only once"):
        restoring.swap()


def test_a_swap_of_which_only_the_catalog_tells_that_it_failed_keeps_its_yes_for_the_next_attempt(
    restoring: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    restoring.approve = ("swap",)
    record = restoring.restored(mode="swap")
    record_approval(restoring.loader.bucket, restoring.target, approval(restoring, "swap", record.digest))

    def lost(*_: Any, **__: Any) -> None:
        raise SwapFailed("The swap did not take place: the session was lost.", is_certain=False)

    monkeypatch.setattr("dbops.jobs.restores.swap.swap_databases", lost)
    with restoring.refusing(SwapFailed, "a yes that still counts does not have to be given again"):
        restoring.swap()
    monkeypatch.undo()

    swapped = restoring.swap()

    assert (swapped.state, swapped.approved_by) == (RestoreState.SWAPPED, "bob")
    assert (len(keys(restoring, "consumed")), len(keys(restoring, "returned"))) == (1, 0)


def test_a_yes_that_was_given_back_ends_when_it_would_have_ended(restoring: Restoring) -> None:
    restoring.approve = ("swap",)
    record = restoring.restored(mode="swap")
    ends = datetime.now(UTC) + timedelta(hours=1)
    yes = approval(restoring, "swap", record.digest, valid_until=ends)
    record_approval(restoring.loader.bucket, restoring.target, yes)
    with psycopg.connect(restoring.url_of("postgres"), application_name="a migration") as holding:
        holding.execute(f"COMMENT ON DATABASE {restoring.quoted} IS 'mine'".encode())
        with restoring.refusing(SwapFailed, "lock timeout"):
            restoring.swap()
        holding.rollback()

    with restoring.refusing(ApprovalMissing, "is too old by now"):
        restoring.swap(clock=lambda: ends)


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
