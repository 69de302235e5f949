"""see_targets: one look at every target, whatever is wrong with any of them."""

from __future__ import annotations

import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.fault import Fault
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.views.overview import Overview, OverviewRow, overview_row
from dbops.domain.watch.light import Light
from dbops.domain.watch.reasons import NotKnown
from dbops.errors import BucketError, InvalidConnection
from dbops.gateways.store.bucket import Bucket, StoredObject
from dbops.gateways.store.index_bundles import renew_bundle
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.target_indexes import write_index
from dbops.jobs.target_index.index_folders import FEW
from dbops.jobs.target_index.last_indexes import LastIndex, LastIndexes
from dbops.jobs.views import see_index as see_index_module
from dbops.jobs.views import see_targets as see_targets_module
from dbops.jobs.views.see_index import unanswered
from dbops.jobs.views.see_targets import see_targets
from tests.unit.page_samples import backup, dag, index, lights
from tests.unit.samples import DAY, NOW, Clock, target
from tests.unit.waiting import PLENTY, time_is_up_for


class CountingBucket(InMemoryBucket):
    """Counts what is asked; what hangs waits until it is let go, a read of a key of ``refusing`` fails."""

    def __init__(self, name: str = "vault") -> None:
        super().__init__(name, Clock())
        self.asked: Counter[str] = Counter()
        self._hanging: set[str] = set()
        self.refusing: set[str] = set()
        self.hangs, self.go_on = threading.Event(), threading.Event()

    @contextmanager
    def hanging_for(self, targets: Iterable[Target]) -> Iterator[None]:
        """Meanwhile their indexes do not come."""
        with self.hanging(Layout(one.root).index for one in targets):
            yield

    @contextmanager
    def hanging(self, asked: Iterable[str]) -> Iterator[None]:
        """Meanwhile what is read or listed under these names does not come."""
        self._hanging = set(asked)
        try:
            yield
        finally:
            self.go_on.set()

    def get(self, key: str) -> bytes:
        self._ask(key)
        return super().get(key)

    def read(self, key: str, offset: int, length: int) -> bytes:
        self._ask(key)
        return InMemoryBucket.get(self, key)[offset : offset + length]

    def _ask(self, key: str) -> None:
        self.asked[f"get {key}"] += 1
        if key in self.refusing:
            raise BucketError("The store refused: 403.", "Look at the policy.")
        self._hang(key)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self.asked[f"list {prefix}"] += 1
        self._hang(prefix)
        return super().list(prefix)

    def _hang(self, asked: str) -> None:
        if asked in self._hanging:
            self.hangs.set()
            self.go_on.wait()


def see(
    targets: Sequence[Target],
    bucket: Bucket,
    *,
    within: timedelta = PLENTY,
    faults: Sequence[Fault] = (),
    dags: Sequence[str] = (),
    last: LastIndexes | None = None,
) -> Overview:
    states = {one.dag_id: one for one in (dag(of=name, state="failed") for name in dags)}
    return see_targets(targets, faults, lambda _: bucket, states, clock=Clock(), within=within, last=last)


def rows(overview: Overview) -> dict[str, OverviewRow]:
    return {row.target.name: row for row in overview.rows}


FOLDER = "team/_indexes/"
LISTED = f"list {FOLDER}"
BUNDLE = f"{FOLDER}_all.jsonl"


def three_hundred(bucket: Bucket) -> list[Target]:
    targets = [target(f"shop_{number}") for number in range(300)]
    for one in targets:
        write_index(bucket, one, index(target=one.name))
    return targets


def test_three_hundred_targets_are_one_listing_and_the_one_object_that_the_watch_has_left() -> None:
    bucket = CountingBucket()
    targets = three_hundred(bucket)
    renew_bundle(bucket, targets)
    bucket.asked.clear()
    assert lights(see(targets, bucket)) == {Light.GREEN: 300}
    assert bucket.asked == Counter([LISTED, f"get {BUNDLE}"])


def test_where_the_watch_has_left_nothing_each_index_is_read() -> None:
    bucket = CountingBucket()
    targets = three_hundred(bucket)
    assert lights(see(targets, bucket)) == {Light.GREEN: 300}
    assert bucket.asked == Counter([LISTED, f"get {BUNDLE}", *(f"get {Layout(one.root).index}" for one in targets)])


def test_what_was_read_before_is_read_again_only_where_it_has_changed() -> None:
    bucket, last = CountingBucket(), LastIndexes()
    targets = three_hundred(bucket)
    renew_bundle(bucket, targets)
    see(targets, bucket, last=last)
    bucket.asked.clear()
    assert lights(see(targets, bucket, last=last)) == {Light.GREEN: 300}
    assert bucket.asked == Counter([LISTED])

    bucket.asked.clear()
    write_index(bucket, targets[7], index([backup(5 * DAY)], target="shop_7"))
    seen = rows(see(targets, bucket, last=last))
    assert [name for name, row in seen.items() if row.light is Light.RED] == ["shop_7"]
    assert bucket.asked == Counter([LISTED, "get team/_indexes/shop_7.json"])

    bucket.asked.clear()
    bucket.delete("team/_indexes/shop_7.json")
    assert rows(see(targets, bucket, last=last))["shop_7"].light is Light.GREY
    assert bucket.asked == Counter([LISTED])


def test_the_one_object_is_believed_only_as_far_as_nothing_was_written_since() -> None:
    bucket = CountingBucket()
    targets = three_hundred(bucket)
    renew_bundle(bucket, targets)
    for one in targets[:3]:
        write_index(bucket, one, index([backup(5 * DAY)], target=one.name))
    bucket.delete("team/_indexes/shop_3.json")
    seen = see(targets, bucket)
    assert lights(seen) == {Light.RED: 3, Light.GREY: 1, Light.GREEN: 296}


def test_an_index_that_is_written_while_it_is_read_is_read_again_at_the_next_look() -> None:
    class Late(CountingBucket):
        """Answers with what lay there when it was asked, and by then there is something else."""

        def get(self, key: str) -> bytes:
            body = super().get(key)
            if key == Layout(target("shop_7").root).index and not self.asked["written"]:
                self.asked["written"] += 1
                write_index(self, target("shop_7"), index([backup(5 * DAY)], target="shop_7"))
            return body

    bucket, last = Late(), LastIndexes()
    targets = three_hundred(bucket)
    assert rows(see(targets, bucket, last=last))["shop_7"].light is Light.GREEN
    assert rows(see(targets, bucket, last=last))["shop_7"].light is Light.RED


def test_a_few_targets_are_read_one_by_one_and_nothing_is_listed() -> None:
    bucket, last = CountingBucket(), LastIndexes()
    targets = three_hundred(bucket)[:FEW]
    for _ in range(2):
        bucket.asked.clear()
        see(targets, bucket, last=last)
        assert bucket.asked == Counter(f"get {Layout(one.root).index}" for one in targets)


def test_where_each_target_has_a_connection_of_its_own_nobody_lists_what_belongs_to_the_others() -> None:
    bucket = CountingBucket()
    three_hundred(bucket)
    storage = {"bucket": "vault", "prefix": "team"}
    apart = [target(f"shop_{n}", storage={**storage, "connection": f"shop_{n}"}) for n in range(300)]
    assert lights(see(apart, bucket)) == {Light.GREEN: 300}
    assert bucket.asked == Counter(f"get {Layout(one.root).index}" for one in apart)


def test_a_bundle_that_may_not_be_read_costs_requests_and_nothing_else() -> None:
    bucket = CountingBucket()
    targets = three_hundred(bucket)
    renew_bundle(bucket, targets)
    bucket.refusing = {BUNDLE}
    assert lights(see(targets, bucket)) == {Light.GREEN: 300}


def test_a_folder_that_cannot_be_listed_is_told_of_each_target_in_it_and_hides_no_other() -> None:
    class Unlisted(CountingBucket):
        def list(self, prefix: str) -> Iterator[StoredObject]:
            if prefix == FOLDER:
                raise BucketError("The store refused: 403.", "Look at the policy: s3:ListBucket.")
            return super().list(prefix)

    bucket = Unlisted()
    targets, elsewhere = three_hundred(bucket), many_in(bucket, "web")
    overview = see([*targets, *elsewhere], bucket)
    assert lights(overview) == {Light.RED: 300, Light.GREEN: 40}
    refused = "s3://vault/team/shop_7/, cannot be shown: The store refused: 403. Look at the policy: s3:ListBucket."
    assert refused in rows(overview)["shop_7"].reasons[0]


def test_a_folder_that_hangs_stands_in_no_other_folders_way_and_what_comes_late_serves_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = CountingBucket()
    targets, elsewhere = three_hundred(bucket), many_in(bucket, "web")
    renew_bundle(bucket, targets)
    all_kept = threading.Event()

    class Telling(LastIndexes):
        def keep(self, *seen: Any) -> None:
            super().keep(*seen)
            if self.of(targets[-1]):
                all_kept.set()

    last = Telling()
    with bucket.hanging([BUNDLE]), monkeypatch.context() as patched:
        time_is_up_for(0, patched, see_targets_module, hanging_folders=1, begun=bucket.hangs)
        overview = see([*targets, *elsewhere], bucket, last=last)
    assert lights(overview) == {Light.GREY: 300, Light.GREEN: 40}
    assert all_kept.wait(60)
    bucket.asked.clear()
    assert lights(see([*targets, *elsewhere], bucket, last=last)) == {Light.GREEN: 340}
    assert bucket.asked == Counter([LISTED, "list web/_indexes/"])


def many_in(bucket: Bucket, prefix: str) -> list[Target]:
    found = [target(f"{prefix}_{number}", storage={"bucket": "vault", "prefix": prefix}) for number in range(40)]
    for one in found:
        write_index(bucket, one, index(target=one.name))
    return found


def test_the_worst_comes_first_and_each_has_its_own_dags() -> None:
    bucket = CountingBucket()
    fine, late, failing = target("fine"), target("late"), target("failing")
    write_index(bucket, fine, index(target="fine"))
    write_index(bucket, late, index([backup(5 * DAY), backup(4 * DAY)], target="late"))
    write_index(bucket, failing, index(target="failing"))
    overview = see([fine, late, failing], bucket, dags=["failing"])
    assert [(row.target.name, row.light) for row in overview.rows] == [
        ("late", Light.RED),
        ("failing", Light.RED),
        ("fine", Light.GREEN),
    ]
    assert set(rows(overview)["failing"].dags) == {"backup"}
    assert rows(overview)["fine"].dags == {}


def test_faults_are_handed_on() -> None:
    fault = Fault("targets/blog.yaml", 3, "unknown key retentoin")
    assert see([], CountingBucket(), faults=[fault]).faults == (fault,)


def test_a_target_without_an_index_is_not_known_and_told_how_it_gets_one() -> None:
    (row,) = see([target()], CountingBucket()).rows
    assert row.light is Light.GREY
    assert "s3://vault/team/_indexes/shop.json is missing" in row.reasons[0]
    assert "watch" in row.reasons[0]


def test_an_index_of_an_older_version_or_of_another_target_is_none() -> None:
    bucket = CountingBucket()
    bucket.put("team/_indexes/shop.json", b'{"format": 1, "target": "shop", "backups": [], "unreadable": []}')
    bucket.put("team/_indexes/blog.json", index(target="shop").to_json())
    assert lights(see([target(), target("blog")], bucket)) == {Light.GREY: 2}


def test_a_store_that_refuses_is_told_and_hides_no_other() -> None:
    good, blog = CountingBucket(), target("blog")
    write_index(good, blog, index(target="blog"))

    def open_bucket(one: Target) -> Bucket:
        if one.name == "shop":
            raise BucketError("The store refused: 403.", "Look at the credentials.")
        if one.name == "cart":
            raise InvalidConnection("There is no connection other.", "Make it.")
        return good

    shop, cart = (target(name, storage={"bucket": "vault", "connection": name}) for name in ("shop", "cart"))
    seen = rows(see_targets([shop, blog, cart], (), open_bucket, {}, clock=Clock(), within=PLENTY))
    assert seen["blog"].light is Light.GREEN
    assert seen["shop"].light is seen["cart"].light is Light.RED
    assert "The store refused: 403. Look at the credentials." in seen["shop"].reasons[0]
    assert "There is no connection other. Make it." in seen["cart"].reasons[0]


def test_an_unexpected_error_is_named_and_its_text_is_not() -> None:
    def open_bucket(_: Target) -> Bucket:
        raise RuntimeError("postgresql://alice:geheim@db")

    (row,) = see_targets([target()], (), open_bucket, {}, clock=Clock(), within=PLENTY).rows
    assert row.light is Light.RED
    assert "an unexpected RuntimeError" in row.reasons[0]
    assert "geheim" not in str(row)


def test_an_index_whose_times_name_no_zone_is_judged_in_utc() -> None:
    bucket = CountingBucket()
    write_index(bucket, target(), index())
    without_zones = re.sub(rb'(:\d\d)Z"', rb'\1"', bucket.get("team/_indexes/shop.json"))
    assert without_zones != bucket.get("team/_indexes/shop.json")
    bucket.put("team/_indexes/shop.json", without_zones)
    assert rows(see([target()], bucket))["shop"].light is Light.GREEN


def test_an_index_that_cannot_be_judged_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def judged(of: Target, seen: Any, *more: Any, **settings: Any) -> OverviewRow:
        if of.name == "shop" and isinstance(seen, TargetIndex):
            raise TypeError("nothing that a reader lets through does it any more")
        return overview_row(of, seen, *more, **settings)

    monkeypatch.setattr(see_index_module, "overview_row", judged)
    bucket, blog = CountingBucket(), target("blog")
    write_index(bucket, blog, index(target="blog"))
    write_index(bucket, target(), index())
    seen = rows(see([target(), blog], bucket))
    assert seen["shop"].light is Light.RED
    assert "cannot be shown" in seen["shop"].reasons[0]
    assert seen["blog"].light is Light.GREEN


def test_what_does_not_answer_in_time_is_not_known_and_stands_in_no_other_stores_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, quick = CountingBucket("slow"), CountingBucket("quick")
    waiting = [target(f"slow_{n}", storage={"bucket": "slow", "prefix": "team"}) for n in range(40)]
    fine = [target(f"fine_{n}", storage={"bucket": "quick", "prefix": "team"}) for n in range(40)]
    for one in [*waiting, *fine]:
        write_index(slow if one in waiting else quick, one, index(target=one.name))
    time_is_up_for(len(waiting), monkeypatch, see_targets_module)
    with slow.hanging_for(waiting):
        overview = see_targets(
            [*waiting, *fine],
            (),
            lambda one: slow if one.storage.bucket == "slow" else quick,
            {},
            clock=Clock(),
            within=PLENTY,
        )
    assert lights(overview) == {Light.GREY: 40, Light.GREEN: 40}
    assert "s3://slow/team/slow_0/, did not answer in time" in rows(overview)["slow_0"].reasons[0]


def test_what_was_not_begun_in_time_is_not_begun_later() -> None:
    bucket = CountingBucket()
    targets = three_hundred(bucket)
    with bucket.hanging_for(targets):
        see(targets, bucket, within=timedelta(seconds=1))
    for thread in threading.enumerate():
        if thread.name.startswith("see-targets"):
            thread.join(60)
    assert (
        sum(number for asked, number in bucket.asked.items() if asked.startswith("get ") and BUNDLE not in asked) <= 16
    )


def test_where_a_store_fails_for_all_it_fails_for_those_that_still_wait_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing = FailingOrHanging()
    targets = [target(f"shop_{number}") for number in range(40)]
    for one in targets:
        write_index(failing, one, index(target=one.name))
    time_is_up_for(len(targets) - 1, monkeypatch, see_targets_module)
    with failing.hanging_for(targets):
        overview = see(targets, failing)
    assert lights(overview) == {Light.RED: 40}
    waiting = [row for row in overview.rows if "did not answer in time" in row.reasons[0]]
    assert len(waiting) == 39
    assert "credentials" in waiting[0].reasons[0]  # the remedy
    names = {row.target.name for row in waiting}
    assert not any(f"{name}/" in row.reasons[0] for row in waiting for name in names - {row.target.name})


class FailingOrHanging(CountingBucket):
    """Fails the first that asks for an index, and lets everybody else wait until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)  # two threads never get the same one

    def get(self, key: str) -> bytes:
        if next(self._numbers) == 1:
            raise BucketError("Could not read it.", "Look at the network.")
        self.go_on.wait()
        return super().get(key)


def test_a_store_that_has_answered_somebody_is_slow_for_the_others_and_not_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket, blog, cart = CountingBucket(), target("blog"), target("cart")
    for one in (target(), blog, cart):
        write_index(bucket, one, index(target=one.name))
    bucket.refusing = {"team/_indexes/shop.json"}
    time_is_up_for(1, monkeypatch, see_targets_module)
    with bucket.hanging_for([cart]):
        seen = rows(see([target(), blog, cart], bucket))
    assert {name: row.light for name, row in seen.items()} == {
        "shop": Light.RED,
        "blog": Light.GREEN,
        "cart": Light.GREY,
    }


def test_what_does_not_answer_is_judged_by_what_was_read_last_and_says_how_old_that_is() -> None:
    bucket, clock, last = CountingBucket(), Clock(), LastIndexes()
    fine, late, new = target("fine"), target("late"), target("new")
    write_index(bucket, fine, index(target="fine"))
    write_index(bucket, late, index([backup(5 * DAY)], target="late"))

    def look(within: timedelta = PLENTY) -> dict[str, OverviewRow]:
        return rows(see_targets([fine, late, new], (), lambda _: bucket, {}, clock=clock, within=within, last=last))

    assert look()["fine"].light is Light.GREEN
    clock.now += timedelta(minutes=30)
    with bucket.hanging_for([fine, late, new]):
        seen = look(within=timedelta(seconds=1))
    assert {name: row.light for name, row in seen.items()} == {
        "fine": Light.GREY,
        "late": Light.RED,
        "new": Light.GREY,
    }
    assert "did not answer in time: what is shown of it was read 30m ago" in seen["fine"].reasons[0]
    assert seen["fine"].index is not None
    assert seen["new"].index is None
    assert any("was read 30m ago" in reason for reason in seen["late"].reasons[1:])


def test_an_answer_that_comes_too_late_serves_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, last = CountingBucket(), LastIndexes()
    write_index(bucket, target(), index())
    kept = threading.Event()

    class Telling(LastIndexes):
        def keep(self, *seen: Any) -> None:
            last.keep(*seen)
            kept.set()

    time_is_up_for(1, monkeypatch, see_targets_module, begun=bucket.hangs)
    with bucket.hanging_for([target()]):
        see([target()], bucket, last=Telling())
        assert last.of(target()) is None
    assert kept.wait(60)
    assert last.of(target()) is not None


def test_what_came_in_the_moment_in_which_the_waiting_ended_was_not_read_in_the_future() -> None:
    last = LastIndex(index(), NOW + timedelta(milliseconds=200))
    assert "was read just now" in unanswered(target(), last, NOW).sentence


def test_an_index_that_is_gone_is_not_remembered() -> None:
    last = LastIndexes()
    last.keep(target(), index(), NOW)
    last.keep(target(), "The store refused.", NOW)
    assert last.of(target()) is not None
    assert last.of(target(storage={"bucket": "elsewhere", "prefix": "team"})) is None
    last.keep(target(), NotKnown("There is none."), NOW)
    assert last.of(target()) is None
