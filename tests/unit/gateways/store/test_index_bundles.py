"""The bundle of indexes: it never tells anything that a target's own index does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.target_index.bundle import BundledIndex, IndexBundle
from dbops.domain.target_index.target_index import TargetIndex
from dbops.errors import BucketError
from dbops.gateways.store import index_bundles
from dbops.gateways.store.index_bundles import list_tags, read_bundle, renew_bundle
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.target_indexes import write_index
from tests.unit.page_samples import HOUR, backup, index
from tests.unit.samples import NOW, Clock, target

SHOP, BLOG, CART = target(), target("blog"), target("cart")
LAYOUT = Layout(SHOP.root)


class CountingBucket(InMemoryBucket):
    """Counts what is read; refuses the keys of ``refusing``."""

    def __init__(self) -> None:
        super().__init__("vault", Clock())
        self.read_keys: Counter[str] = Counter()
        self.refusing: set[str] = set()

    def get(self, key: str) -> bytes:
        self.read_keys[key] += 1
        if key in self.refusing:
            raise BucketError("The store refused: 403.", "Look at the policy.")
        return super().get(key)


@pytest.fixture
def bucket() -> CountingBucket:
    return CountingBucket()


def put(bucket: InMemoryBucket, *targets: Target, hours: int = 0) -> None:
    for one in targets:
        write_index(bucket, one, index(target=one.name, written=NOW - hours * HOUR))


def bundled(bucket: InMemoryBucket, targets: Sequence[Target] = (SHOP, BLOG, CART)) -> dict[str, TargetIndex]:
    """What a page would take from the bundle, by target."""
    tags, bundle = list_tags(bucket, LAYOUT), read_bundle(bucket, LAYOUT)
    found = {one.name: bundle.of(one.name, tags.get(one.name, "")) for one in targets}
    return {name: one for name, one in found.items() if one is not None}


def test_every_index_of_the_folder_is_told_as_it_lies_there(bucket: CountingBucket) -> None:
    put(bucket, SHOP, BLOG)
    renew_bundle(bucket, [SHOP, BLOG, CART])
    assert bundled(bucket) == {name: index(target=name, written=NOW) for name in ("shop", "blog")}


def test_an_index_that_has_changed_or_gone_since_is_not_told(bucket: CountingBucket) -> None:
    put(bucket, SHOP, BLOG, CART)
    renew_bundle(bucket, [SHOP, BLOG, CART])
    put(bucket, SHOP, hours=1)
    bucket.delete(Layout(BLOG.root).index)
    assert set(bundled(bucket)) == {"cart"}


def test_ones_own_indexes_are_always_read_and_never_taken_from_the_bundle_that_is_there(bucket: CountingBucket) -> None:
    put(bucket, SHOP, BLOG)
    forged = IndexBundle(BundledIndex(tag, index([], target=name)) for name, tag in list_tags(bucket, LAYOUT).items())
    bucket.put(LAYOUT.index_bundle, forged.to_lines())
    renew_bundle(bucket, [SHOP, BLOG])
    assert bundled(bucket) == {name: index(target=name, written=NOW) for name in ("shop", "blog")}


def test_of_the_targets_of_another_airflow_what_still_lies_there_is_kept_and_nothing_else_is_read(
    bucket: CountingBucket,
) -> None:
    put(bucket, SHOP, BLOG, CART)
    renew_bundle(bucket, [BLOG, CART])
    put(bucket, CART, hours=1)
    bucket.read_keys.clear()
    renew_bundle(bucket, [SHOP])
    assert bucket.read_keys == {LAYOUT.index_bundle: 1, LAYOUT.index: 1}
    assert set(bundled(bucket)) == {"shop", "blog"}


def test_an_index_of_thousands_of_backups_is_left_to_its_own_object(bucket: CountingBucket) -> None:
    put(bucket, BLOG)
    write_index(bucket, SHOP, index([backup(number * HOUR) for number in range(1, 2000)]))
    renew_bundle(bucket, [SHOP, BLOG])
    assert set(bundled(bucket)) == {"blog"}
    assert LAYOUT.index not in bucket.read_keys


def test_an_index_that_is_none_is_left_out(bucket: CountingBucket) -> None:
    put(bucket, BLOG)
    bucket.put(LAYOUT.index, index(target="cart").to_json())
    bucket.put(Layout(CART.root).index, b"{}")
    renew_bundle(bucket, [SHOP, BLOG, CART])
    assert set(bundled(bucket)) == {"blog"}


def test_an_index_that_may_not_be_read_is_left_out_and_keeps_no_other_out(bucket: CountingBucket) -> None:
    put(bucket, SHOP, BLOG)
    bucket.refusing = {LAYOUT.index}
    renew_bundle(bucket, [SHOP, BLOG])
    assert set(bundled(bucket)) == {"blog"}


def test_a_bundle_that_cannot_be_read_is_written_anew(bucket: CountingBucket) -> None:
    put(bucket, SHOP, BLOG)
    bucket.refusing = {LAYOUT.index_bundle}
    renew_bundle(bucket, [SHOP, BLOG])
    assert bundled(bucket) == {}
    bucket.refusing = set()
    assert set(bundled(bucket)) == {"shop", "blog"}


def test_it_grows_to_no_more_than_a_reader_holds_in_memory_and_others_give_way_first(
    bucket: CountingBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, BLOG, CART, SHOP)
    renew_bundle(bucket, [BLOG])
    size = max(stored.bytes for stored in bucket.list(LAYOUT.indexes) if stored.key.endswith(".json"))
    for room, kept in ((3, {"cart", "shop", "blog"}), (2, {"cart", "shop"}), (1, {"cart"})):
        monkeypatch.setattr(index_bundles, "_LARGEST_BUNDLE", room * (size + index_bundles._BEFORE_INDEX))
        renew_bundle(bucket, [CART, SHOP])
        assert set(bundled(bucket)) == kept
        assert len(bucket.get(LAYOUT.index_bundle)) <= index_bundles._LARGEST_BUNDLE


def test_a_store_that_fails_again_and_again_is_not_asked_for_hundreds(bucket: CountingBucket) -> None:
    many = [target(f"shop_{number}") for number in range(100)]
    put(bucket, *many)
    bucket.refusing = {Layout(one.root).index for one in many}
    with pytest.raises(BucketError, match="403"):
        renew_bundle(bucket, many)
    assert sum(bucket.read_keys.values()) < 20


def test_where_the_store_tells_no_tags_nothing_is_taken_from_the_bundle() -> None:
    bundle = IndexBundle([BundledIndex("", index())])
    assert bundle.of("shop", "") is None


@given(st.lists(st.sampled_from(["{", "", '{"tag": "x"}', '{"tag": 1, "index": {}}', "\x00", "null"]), max_size=4))
def test_a_damaged_line_hides_no_other(damage: list[str]) -> None:
    whole = IndexBundle([BundledIndex("a", index()), BundledIndex("b", index(target="blog"))]).to_lines()
    first, second = whole.splitlines()
    read = IndexBundle.from_lines(b"\n".join([first, *(line.encode() for line in damage), second]))
    assert (read.of("shop", "a"), read.of("blog", "b")) == (index(), index(target="blog"))
    assert read.of("shop", "b") is None


def test_the_example_of_the_page_is_what_a_line_looks_like() -> None:
    line = IndexBundle([BundledIndex("etag", index())]).to_lines()
    assert line.startswith(b'{"tag":"etag","index":{')
    assert line.endswith(b"}\n")
