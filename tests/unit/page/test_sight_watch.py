"""What the page sees of the watch: it is asked for with every look, and tells of every target."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dbops.domain.views.overview import OverviewRow
from dbops.domain.views.target_view import TargetView
from dbops.domain.watch.dag_state import DagState
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.light import Light
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops_airflow.page.buckets import Buckets
from dbops_airflow.page.sight import Sight
from tests.unit.samples import Clock

PAUSED = DagState(dag_id="watch", is_paused=True, last_state="success", last_end=datetime.now(UTC))
SHOP = "connection: shop\nenvironment: development\nstorage: {bucket: vault, prefix: team}\n"


@pytest.fixture
def sight(tmp_path: Path) -> Iterator[Sight]:
    """Of an Airflow that knows the watch, which somebody has paused, and no other DAG."""
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "shop.yaml").write_text(SHOP)
    bucket = InMemoryBucket("vault", Clock())

    def states(dag_ids: Collection[str]) -> dict[str, DagState]:
        return {"watch": PAUSED} if "watch" in dag_ids else {}

    made = Sight(buckets=Buckets(lambda _: bucket), states=states, known=KnownTargets, include=lambda: tmp_path)
    yield made
    made.close()


def _tells(row: OverviewRow) -> bool:
    return (row.light, row.watch, row.dags) == (Light.AMBER, PAUSED, {}) and row.reasons[0].startswith(
        "watch is paused"
    )


def test_a_watch_that_is_paused_lights_every_row_of_the_overview(sight: Sight) -> None:
    assert [_tells(row) for row in asyncio.run(sight.overview()).value.rows] == [True]


def test_a_watch_that_is_paused_is_told_on_a_targets_page_and_is_none_of_its_own_dags(sight: Sight) -> None:
    view = asyncio.run(sight.target("shop")).value
    assert isinstance(view, TargetView)
    assert _tells(view.row)
