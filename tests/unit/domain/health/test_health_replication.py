"""Replication slots, replicas and what runs out: where each begins to be a worry."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.health.concern import HealthServer
from dbops.domain.health.exhaustion import ages, sequences
from dbops.domain.health.replication import Replica, Slot, replicas, slots
from dbops.domain.schema.exhaustion import SequenceUse, TransactionIds

SERVER = HealthServer(role="watcher", autovacuum=True, counted_seconds=None, statements_view=None)
GIB, MIB = 1024**3, 1024**2


def slot(**more: Any) -> Slot:
    fields = {"name": "s", "type": "logical", "active": True, "wal_status": "reserved"}
    return Slot(**{**fields, "retained_bytes": 0, "inactive_seconds": None, **more})


def replica(**more: Any) -> Replica:
    fields = {"name": "r", "role": "rep", "state": "streaming", "behind_bytes": 0, "behind_seconds": None}
    return Replica(**{**fields, "hidden": False, **more})


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (slot(), "ok"),
        (slot(retained_bytes=GIB - 1), "ok"),
        (slot(retained_bytes=GIB), "warning"),
        (slot(active=False), "warning"),
        (slot(active=False, retained_bytes=None), "ok"),
        (slot(wal_status="lost", retained_bytes=None), "warning"),
        (slot(wal_status="unreserved"), "warning"),
    ],
)
def test_a_slot_is_a_worry_when_it_keeps_wal_for_nobody_or_too_much_of_it(one: Slot, status: str) -> None:
    assert slots([one]).status == status


def test_only_a_slot_that_nobody_uses_is_to_be_dropped() -> None:
    found = [slot(name="it's", active=False, inactive_seconds=7200.0), slot(name="behind", retained_bytes=2 * GIB)]
    item = slots(found)
    assert item.sql == "SELECT pg_drop_replication_slot('it''s');"
    assert item.value == ("it's (logical, inactive for 2h, keeps 0 B), behind (logical, in use, keeps 2.0 GiB)")


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (replica(behind_bytes=256 * MIB - 1, behind_seconds=59.9), "ok"),
        (replica(behind_bytes=256 * MIB), "warning"),
        (replica(behind_seconds=60.0), "warning"),
        (replica(behind_bytes=None), "ok"),
        (replica(hidden=True, state="", behind_bytes=None), "unknown"),
        (replica(name="this server", state="receives nothing", behind_seconds=61.0), "warning"),
    ],
)
def test_a_replica_is_behind_by_bytes_or_by_time(one: Replica, status: str) -> None:
    assert replicas([one], SERVER).status == status


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (replica(behind_bytes=None), "r"),
        (replica(), "r (0 B behind)"),
        (replica(name="", state="catchup", behind_bytes=-1), "role rep (catchup, 0 B behind)"),
        (replica(behind_bytes=MIB, behind_seconds=30.0), "r (1.0 MiB behind, 30.0s)"),
    ],
)
def test_a_replica_is_told_by_what_is_known_of_it(one: Replica, told: str) -> None:
    assert replicas([one], SERVER).value == told


def test_replicas_that_nobody_may_see_are_counted_beside_those_that_are_behind() -> None:
    hidden, late = replica(hidden=True), replica(behind_bytes=GIB)
    assert replicas([hidden, hidden], SERVER).value == "2 replicas not seen"
    item = replicas([late, hidden], SERVER)
    assert item.value == "r (1.0 GiB behind); 1 replica not seen"
    assert item.sql == "SELECT * FROM pg_stat_replication;"
    assert item.remedy.startswith("Look at the network")
    assert replicas([late], SERVER).value == "r (1.0 GiB behind)"
    assert replicas([], SERVER).value == slots([]).value == "none"
    assert slots([slot()]).value == "s (logical, in use, keeps 0 B)"


def test_a_sequence_that_cannot_be_read_is_said_unless_another_is_near_its_end() -> None:
    fields: dict[str, Any] = {"schema": "public", "increment": 1, "lowest": 1, "highest": 100}
    hidden = SequenceUse(name="a", last_value=None, readable=False, **fields)
    item = sequences([hidden, SequenceUse(name="b", last_value=74, **fields)], SERVER)
    assert (item.status, item.value) == ("unknown", "fullest: public.b (74 %); 1 sequence not seen")
    assert item.sql == 'GRANT pg_read_all_data TO "watcher";'
    assert sequences([hidden], SERVER).value == "none; 1 sequence not seen"
    item = sequences([hidden, SequenceUse(name="b", last_value=76, **fields)], SERVER)
    assert item.status == "warning"
    assert "inserts" not in item.value
    assert "bigint" in item.remedy


def test_where_every_sequence_can_be_read_the_fullest_is_named_or_those_that_are_near_their_end() -> None:
    fields: dict[str, Any] = {"schema": "public", "increment": 1, "lowest": 0, "highest": 100}
    uses = [SequenceUse(name=name, last_value=last, **fields) for name, last in (("a", 10), ("b", 40), ("c", 20))]
    item = sequences(uses, SERVER)
    assert (item.status, item.value) == ("ok", "fullest: public.b (40 %)")
    near = [SequenceUse(name=name, last_value=80, **fields) for name in "abcd"]
    assert sequences(near, SERVER).value == (
        "the sequence public.a has used 80 % of its numbers, the sequence public.b has used 80 % of its numbers, "
        "the sequence public.c has used 80 % of its numbers and 1 more"
    )


@pytest.mark.parametrize(("age", "status"), [(499_999_999, "ok"), (500_000_000, "warning")])
def test_transaction_ids_are_old_where_the_nightly_checks_say_so(age: int, status: str) -> None:
    ids = TransactionIds(
        database="shop", age=age, multixact_age=0, freeze_at=200_000_000, multixact_freeze_at=400_000_000,
        oldest_table='"public"."orders"',
    )  # fmt: skip
    item = ages(ids)
    assert item.status == status
    assert item.sql == ('VACUUM (FREEZE, VERBOSE) "public"."orders";' if status == "warning" else "")
