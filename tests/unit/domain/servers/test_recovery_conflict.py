"""What a replica ends to go on replaying is known for it, and what would have helped is said."""

from __future__ import annotations

import pytest

from dbops.domain.servers.recovery_conflict import ConflictCounts, conflict_remedy

SAID = "ERROR:  canceling statement due to conflict with recovery\nDETAIL:  "
CLOSED = "pg_dump: error: query failed: server closed the connection unexpectedly"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            f"{SAID}User query might have needed to see row versions that must be removed.",
            "VACUUM on the primary removed rows",
        ),
        (f"{SAID}User was holding a relation lock for too long.", "a migration, TRUNCATE"),
        (f"{SAID}User was holding shared buffer pin for too long.", "Another attempt may succeed"),
        ("FATAL:  terminating connection due to conflict with recovery", "Another attempt may succeed"),
    ],
)
def test_each_kind_of_conflict_has_its_remedy(said: str, words: str) -> None:
    remedy = conflict_remedy(said)
    assert remedy is not None
    assert words in remedy
    assert "max_standby_streaming_delay" in remedy


def test_what_a_replica_has_not_ended_is_no_conflict() -> None:
    assert conflict_remedy("ERROR:  canceling statement due to statement timeout") is None


BEFORE = ConflictCounts(rows=3, locks=4, others=5)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (ConflictCounts(rows=4, locks=4, others=5), "VACUUM on the primary removed rows"),
        (ConflictCounts(rows=3, locks=5, others=5), "locked a table"),
        (ConflictCounts(rows=3, locks=4, others=6), "Another attempt"),
    ],
)
def test_a_session_that_only_heard_that_it_was_closed_is_explained_by_the_counts(
    after: ConflictCounts, words: str
) -> None:
    remedy = after.remedy(CLOSED, since=BEFORE)
    assert remedy is not None
    assert words in remedy


def test_a_server_that_closed_a_connection_without_a_conflict_is_not_blamed_on_one() -> None:
    assert BEFORE.remedy(CLOSED, since=BEFORE) is None


def test_what_was_not_lost_is_not_blamed_on_a_conflict_of_somebody_else() -> None:
    assert ConflictCounts(rows=9, locks=9, others=9).remedy("permission denied for table a", since=BEFORE) is None
