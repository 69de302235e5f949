"""Promise: how far a restore is lies in the bucket by its run, and nobody's record is taken for another's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.layout import Layout
from dbops.domain.restores.record import RestoreState
from dbops.errors import InvalidRequest
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.restores import all_restores, find_restore, put_restore, read_restore
from tests.unit.restores import record
from tests.unit.samples import Clock, target

SHOP = target()
RUNS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@pytest.fixture
def bucket() -> InMemoryBucket:
    return InMemoryBucket("vault", Clock())


@given(RUNS)
def test_what_is_put_is_found_by_its_run_whatever_it_is_called(run: str) -> None:
    bucket = InMemoryBucket("vault", Clock())

    kept = put_restore(bucket, SHOP, record(run=run))

    assert find_restore(bucket, SHOP, run) == read_restore(bucket, SHOP, run) == kept
    assert find_restore(bucket, SHOP, run + "x") is None
    assert all(key.key.startswith("team/shop/restores/") for key in bucket.list(""))


def test_the_last_step_replaces_the_one_before(bucket: InMemoryBucket) -> None:
    put_restore(bucket, SHOP, record())
    put_restore(bucket, SHOP, record(state=RestoreState.LOADED))

    assert [each.state for each in all_restores(bucket, SHOP)] == [RestoreState.LOADED]


def test_a_run_that_has_planned_nothing_is_refused(bucket: InMemoryBucket) -> None:
    with pytest.raises(InvalidRequest, match="has planned no restore of shop") as refused:
        read_restore(bucket, SHOP, "manual__1")

    assert refused.value.remedy


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        record().to_json().replace(b'"format": 1', b'"format": 2'),
        record(run="other").to_json(),
        record(target="other").to_json(),
        record().to_json()[:-20],
    ],
    ids=["empty", "another format", "another run", "another target", "cut off"],
)
def test_what_is_not_this_restores_record_is_refused(bucket: InMemoryBucket, body: bytes) -> None:
    bucket.put(Layout(SHOP.root).restore("manual__1"), body)

    with pytest.raises(InvalidRequest, match="is not the record of this restore") as refused:
        find_restore(bucket, SHOP, "manual__1")

    assert "nothing live was touched" in refused.value.remedy


def test_all_that_can_be_read_are_listed(bucket: InMemoryBucket) -> None:
    put_restore(bucket, SHOP, record(run="b"))
    put_restore(bucket, SHOP, replace(record(run="a"), oid=4))
    bucket.put(Layout(SHOP.root).restore("aa"), b"{}")

    assert [each.run for each in all_restores(bucket, SHOP)] == ["a", "b"]
