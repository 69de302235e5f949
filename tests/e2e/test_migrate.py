"""A migration through Airflow, by REST: a no changes nothing, and a second person's yes applies just what it showed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e import pushed
from tests.e2e.gate import Asked
from tests.e2e.orders import dbops
from tests.e2e.rest import Rest
from tests.e2e.running_stack import RunningStack
from tests.mail_text import text_of

_INDEXES = ["Summary_userId_createdAt_idx", "UsageEvent_userId_createdAt_idx"]
_MIGRATIONS = [
    ("0_init", 0),
    ("20261126090000_summary_user_id_created_at_idx", 1),
    ("20261126090100_usage_event_user_id_created_at_idx", 1),
]


@dataclass(frozen=True)
class Migration(Asked):
    """One run of the DAG migrate over the pushed database."""

    folder: str = "migrations"
    patience: float = 300.0

    @classmethod
    def trigger(cls, stack: RunningStack, rest: Rest) -> Migration:
        return cls(stack, rest.trigger("migrate", target=pushed.NAME), pushed.NAME)


def schema(stack: RunningStack) -> list[tuple[Any, ...]]:
    """Every relation of the pushed database, and whether it is an index that can be used."""
    query = """
        SELECT c.relname::text, coalesce(i.indisvalid, false)
        FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1"""
    return stack.ask(pushed.NAME, query)


@pytest.fixture(scope="module")
def asked(stack: RunningStack, alice: Rest) -> tuple[Migration, Migration]:
    """Two runs that alice has asked for of the same database, of which there is a backup; both wait for an answer."""
    dbops(stack.demo, pushed.connections(stack.demo), "backup", pushed.NAME)
    runs = Migration.trigger(stack, alice), Migration.trigger(stack, alice)
    for run in runs:
        run.wait_until_parked()
    return runs


@pytest.fixture(scope="module")
def rejected(stack: RunningStack, asked: tuple[Migration, Migration], bob: Rest) -> Migration:
    """The one to which bob has said no, and after which the database is what it was."""
    migration, before = asked[0], schema(stack)
    migration.reject(bob, reason="not on a Friday")
    migration.run.wait("failed")
    assert schema(stack) == before
    return migration


@pytest.fixture(scope="module")
def migrated(asked: tuple[Migration, Migration], rejected: Migration, bob: Rest) -> Migration:
    """The one to which bob has said yes afterwards, and that is over."""
    migration = asked[1]
    migration.approve(bob, reason="ticket 4711")
    migration.wait("success")
    return migration


def test_a_no_ends_the_run_red_before_a_backup_or_anything_else_is_made(
    stack: RunningStack, rejected: Migration
) -> None:
    states = rejected.run.states()
    assert states["approve"] == "failed"
    assert {states[step] for step in ("back_up", "apply", "post_check", "migrated")} == {"upstream_failed"}
    assert states["report"] == "skipped"
    assert (rejected.record()["state"], rejected.record()["backup_id"]) == ("planned", None)
    [mail] = stack.mails(rejected.run.run_id, "REJECTED")
    assert mail["Subject"] == "[dbops] REJECTED migrate of pushed (production)"


def test_the_plan_that_was_approved_shows_the_proof_and_every_statement(migrated: Migration) -> None:
    shown = migrated.question()["body"]
    for words in (
        "mark 0_init as applied and apply 2 migrations",
        "| Executed | 2 migrations with 2 statements: ",
        "| Written anew | no table |",
        "Proof of the baseline",
        "CREATE INDEX CONCURRENTLY",
        "_prisma_migrations",
        migrated.record()["digest"],
    ):
        assert words in shown


def test_both_recommended_indexes_are_there_and_valid_and_the_ledger_has_its_three_rows(
    stack: RunningStack, migrated: Migration
) -> None:
    assert [row for row in schema(stack) if row[0] in _INDEXES] == [(name, True) for name in _INDEXES]
    query = """SELECT migration_name, applied_steps_count FROM _prisma_migrations
               WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY 1"""
    assert stack.ask(pushed.NAME, query) == _MIGRATIONS


def test_it_is_told_in_the_bucket_who_asked_who_approved_and_what_was_backed_up_before(
    stack: RunningStack, migrated: Migration
) -> None:
    record = migrated.record()
    assert (record["state"], record["requested_by"], record["approved_by"]) == ("done", "alice", "bob")
    assert f"pushed/backups/{record['backup_id']}/manifest.json" in stack.keys("pushed/backups/")
    assert record["checked"] == {"faults": [], "remarks": []}
    assert migrated.audit() == [*(f"approval-{word}" for word in ("asked", "approved", "consumed")), "migrate"]


def test_the_mail_says_what_was_applied_and_how_the_touched_operations_fare(
    stack: RunningStack, migrated: Migration
) -> None:
    mails = stack.mails(migrated.run.run_id)
    assert [mail["Subject"] for mail in mails] == [
        "[dbops] APPROVAL migrate of pushed (production)",
        "[dbops] APPROVED migrate of pushed (production)",
        "[dbops] DONE migrate of pushed (production)",
    ]
    told = " ".join(text_of(mails[-1], "plain").split())
    for words in (
        *(f"{name}: applied" for name, steps in _MIGRATIONS if steps),
        "0_init: marked as applied: the baseline",
        f"now by {_INDEXES[0]}",
        f"The new index {_INDEXES[1]} is used by",
        f"The backup {migrated.record()['backup_id']} was made right before.",
    ):
        assert words in told


def test_no_secret_is_shown_in_any_log_xcom_mail_or_object(stack: RunningStack, migrated: Migration) -> None:
    run = migrated.run
    shown = [run.log(task) for task in run.states()]
    assert any("is marked as applied" in text for text in shown)
    shown += [json.dumps([run.xcoms(task), run.task(task)]) for task in run.states()]
    shown += [mail.as_string() + text_of(mail, "plain") + text_of(mail, "html") for mail in stack.mails(run.run_id)]
    for folder in ("migrations", "approvals", "audit"):
        shown += [stack.read(key).decode() for key in stack.keys(f"pushed/{folder}/")]
    assert [secret for secret in stack.secrets() if any(secret in text for text in shown)] == []


def test_a_step_that_is_cleared_and_run_again_does_nothing_twice(
    stack: RunningStack, migrated: Migration, alice: Rest
) -> None:
    before, audit, record = schema(stack), migrated.audit(), migrated.record()
    migrated.clear(alice, "apply")
    migrated.run.wait("success")
    assert migrated.run.task("apply")["try_number"] == 2
    assert (schema(stack), migrated.audit(), migrated.record()) == (before, audit, record)
