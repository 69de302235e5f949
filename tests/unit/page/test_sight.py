"""What the page sees of a target: everything, that its file is faulty, or that there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbops.domain.views.target_view import TargetView
from dbops.domain.watch.faulty_target import FaultyTarget
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.lost_target import LostTarget
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops_airflow.page.buckets import Buckets
from dbops_airflow.page.sight import Sight
from tests.unit.samples import NOW, Clock

SHOP = "connection: shop\nenvironment: development\nstorage: {bucket: vault, prefix: team}\n"


@pytest.fixture
def include(tmp_path: Path) -> Path:
    """Of target shop."""
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "shop.yaml").write_text(SHOP)
    return tmp_path


@pytest.fixture
def sight(include: Path) -> Iterator[Sight]:
    bucket = InMemoryBucket("vault", Clock())
    made = Sight(
        buckets=Buckets(lambda _: bucket),
        states=lambda _: {},
        known=lambda: KnownTargets({"shop": NOW, "crm": NOW}, {"theirs": NOW}),
        include=lambda: include,
    )
    yield made
    made.close()


def test_a_target_is_seen(sight: Sight) -> None:
    assert isinstance(asyncio.run(sight.target("shop")).value, TargetView)


def test_a_target_whose_file_is_faulty_is_not_taken_for_none(sight: Sight, include: Path) -> None:
    (include / "targets" / "crm.yaml").write_text(f"{SHOP}nonsense: 1\n")
    seen = asyncio.run(sight.target("crm")).value
    assert isinstance(seen, FaultyTarget)
    assert [(fault.path, fault.line) for fault in seen.faults] == [("targets/crm.yaml", 4)]


def test_a_fault_in_what_it_inherits_is_its_own_too_and_makes_no_target_of_what_is_none(
    sight: Sight, include: Path
) -> None:
    (include / "defaults.yaml").write_text("connection: shop\n")
    seen = asyncio.run(sight.target("shop")).value
    assert isinstance(seen, FaultyTarget)
    assert [fault.path for fault in seen.faults] == ["defaults.yaml"]
    assert asyncio.run(sight.target("never_was")).value is None


def test_a_target_that_the_watch_knew_and_whose_file_is_gone_is_lost_until_it_is_back_or_retired(
    sight: Sight, include: Path
) -> None:
    crm = asyncio.run(sight.target("crm")).value
    assert isinstance(crm, LostTarget)
    assert asyncio.run(sight.overview(again=True)).value.lost == (crm,)
    assert asyncio.run(sight.target("theirs")).value is None


@pytest.mark.parametrize(
    ("file", "text"), [("targets/crm.yaml", f"{SHOP}nonsense: 1\n"), ("retired.yaml", "crm: replaced by shop, 2026\n")]
)
def test_one_that_has_a_file_again_or_is_retired_is_not_lost(sight: Sight, include: Path, file: str, text: str) -> None:
    (include / file).write_text(text)
    assert asyncio.run(sight.overview()).value.lost == ()
    assert not isinstance(asyncio.run(sight.target("crm")).value, LostTarget)


def test_while_nobody_can_read_which_are_retired_that_is_told_instead(sight: Sight, include: Path) -> None:
    (include / "retired.yaml").write_text("crm: [\n")
    overview = asyncio.run(sight.overview()).value
    assert overview.lost == ()
    assert [fault.path for fault in overview.faults] == ["retired.yaml"]
