"""What tasks have left for the watch is asked of a store once, for all that the watch makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.watch.notification import Notification
from dbops.domain.watch.told_backup import ToldBackup
from dbops.gateways.store.bucket import StoredObject
from dbops.gateways.store.left_by_tasks import LeftByTasks, left_by_tasks
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.notifications import put_notification
from dbops.gateways.store.told_backups import put_told_backup
from dbops.jobs.watch.lost_alerts import lost_alerts
from dbops.jobs.watch.read_left import read_left
from dbops.jobs.watch.told_by_tasks import ToldByTasks
from tests.unit.samples import NOW, Clock, target

ALERTS = {"recipients": ["dba@shop.internal"], "notify": ["oncall"]}
SHOP, BLOG = (target(name, alerts=ALERTS) for name in ("shop", "blog"))
TOLD = ToldBackup(backup_id=BackupId.at(NOW - timedelta(hours=2)), moment=NOW - timedelta(hours=1))


def lost(ago: timedelta, notifier: str = "oncall") -> Notification:
    return Notification(
        target="shop",
        notifier=notifier,
        moment=NOW - ago,
        subject="[dbops] FAILED backup",
        run="r",
        refusal="It is down.",
    )


class Asked(InMemoryBucket):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__("vault", Clock())
        self.asked: Counter[str] = Counter()

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self.asked[f"list {prefix}"] += 1
        return super().list(prefix)

    def get(self, key: str) -> bytes:
        self.asked[f"get {key}"] += 1
        return super().get(key)


@pytest.fixture
def bucket() -> Asked:
    return Asked()


def test_each_target_is_listed_once_and_each_object_read_once(bucket: Asked) -> None:
    put_notification(bucket, SHOP, lost(timedelta(hours=3)))
    put_notification(bucket, SHOP, lost(timedelta(days=8), "_mail"))
    put_told_backup(bucket, SHOP, TOLD)
    keys = [stored.key for stored in InMemoryBucket.list(bucket, "")]

    left = read_left([SHOP, BLOG], lambda _: bucket)
    [told_of] = lost_alerts(left, lambda _: bucket, NOW)
    told = ToldByTasks(left, lambda _: bucket)

    assert told_of.notifications == (lost(timedelta(hours=3)),)
    assert told.moments == {TOLD.key_of("shop"): TOLD.moment}
    once = [f"list {Layout(each.root).notifications}" for each in (SHOP, BLOG)] + [f"get {key}" for key in keys]
    assert bucket.asked == Counter(once)


def test_what_lies_in_the_place_of_the_other_is_neither(bucket: Asked) -> None:
    layout = Layout(SHOP.root)
    bucket.put(f"{layout.told_backups}20261122T000000Z.json", lost(timedelta(hours=1)).to_json())
    bucket.put(f"{layout.notifications}oncall/20261122T000000Z.json", TOLD.to_json())
    bucket.put(f"{layout.notifications}oncall/20261122T000001Z.json", b"neither")

    assert left_by_tasks(bucket, SHOP) == LeftByTasks()


def test_what_is_left_is_read_in_the_order_of_its_keys(bucket: Asked) -> None:
    alerts = tuple(lost(timedelta(hours=hours), name) for name, hours in (("_mail", 2), ("oncall", 3), ("oncall", 1)))
    for alert in reversed(alerts):
        put_notification(bucket, SHOP, alert)

    assert left_by_tasks(bucket, SHOP) == LeftByTasks(alerts=alerts)
