"""AuditEntry: what is shown of the audit is few words, and nothing that nobody knows."""

from __future__ import annotations

from typing import Any

from dbops.domain.approvals.audit_entry import AuditEntry
from tests.unit.samples import NOW


def entry(action: str = "swap", **record: Any) -> AuditEntry:
    return AuditEntry.of(NOW, action, {"action": action, "target": "shop", **record})


def test_a_swap_is_told_by_who_asked_and_who_approved() -> None:
    found = entry(
        run="manual__1",
        requested_by="alice",
        backup_id="20261121T020000Z",
        digest="0123456789abcdef",
        live="shop",
        before="shop__before_20261122_120000",
        approved_by="bob",
    )
    assert (found.when, found.action, found.by) == (NOW, "swap", "alice")
    assert found.facts == (
        ("backup", "20261121T020000Z"),
        ("live", "shop"),
        ("kept as", "shop__before_20261122_120000"),
        ("approved by", "bob"),
        ("plan", "0123456789ab"),
        ("run", "manual__1"),
    )


def test_an_answer_is_told_by_who_gave_it() -> None:
    found = entry("approved", **{"for": "swap"}, requested_by="alice", answered_by="bob", break_glass=True, reason="go")
    assert found.by == "bob"
    assert found.facts == (("to", "swap"), ("reason", "go"), ("glass broken", "yes"), ("asked by", "alice"))


def test_an_expire_is_told_by_what_went() -> None:
    gone = {f"2026110{day}T020000Z": ["no rule keeps it"] for day in range(1, 8)}
    found = entry(
        "expire",
        requested_by="scheduled__1",
        expired=gone,
        swept={},
        aborted_uploads=["a", "b"],
        objects=1200,
        freed_bytes=2048,
        not_deleted=["k"],
    )
    assert found.facts == (
        (
            "expired",
            "20261101T020000Z, 20261102T020000Z, 20261103T020000Z, 20261104T020000Z, 20261105T020000Z and 2 more",
        ),
        ("aborted", "2 uploads"),
        ("objects deleted", "1,200"),
        ("freed", "2.0 KiB"),
        ("could not delete", "1 object"),
    )


def test_a_migration_is_told_by_what_became_of_each() -> None:
    found = entry("migrate", migrations={"0001_init": "applied", "0002_index": "failed"})
    assert found.facts == (("migrations", "0001_init applied, 0002_index failed"),)


def test_what_no_version_writes_is_not_shown() -> None:
    assert entry("x", password="geheim", rows=[["alice@example.org"]]).facts == ()


def test_what_is_of_another_kind_than_it_should_be_is_not_shown() -> None:
    odd = {
        "backup_id": 3,
        "migrations": "x",
        "expired": "y",
        "freed_bytes": "z",
        "answered_by": ["alice"],
        "digest": {},
    }
    assert (entry("x", **odd).by, entry("x", **odd).facts) == ("", ())


def test_a_long_text_is_cut() -> None:
    ((_, reason),) = entry("x", reason="w" * 5000).facts
    assert len(reason) == 300
    assert reason.endswith("w…")


def test_a_text_is_whole_up_to_three_hundred_characters_and_no_count_is_nothing_or_endless() -> None:
    assert entry("x", reason="w" * 300).facts == (("reason", "w" * 300),)
    assert entry("x", objects=0, freed_bytes=0, not_deleted=[], break_glass="yes").facts == ()
    assert entry("x", objects=2**63, freed_bytes=2**63).facts == ()
    assert entry("x", objects=1, freed_bytes=1).facts == (("objects deleted", "1"), ("freed", "1 B"))
