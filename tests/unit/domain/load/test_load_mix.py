from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.load.mix import is_under_load, mix
from dbops.domain.probes import Drawn, Probe, Statement


def probe(name: str, **changed: Any) -> Probe:
    given: dict[str, Any] = {"title": name, "model": "Item", "budget_ms": 10, "statements": (Statement("SELECT 1"),)}
    return Probe(name=name, **{**given, **changed})


def sets(**kinds: int) -> list[Drawn]:
    return [Drawn(kind, {"number": number}) for kind, count in kinds.items() for number in range(count)]


def test_probes_that_write_or_open_a_pool_make_no_load() -> None:
    assert is_under_load(probe("read"))
    assert not is_under_load(probe("write", writes=True))
    assert not is_under_load(probe("pool", connections=10))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.integers())
def test_any_probes_in_a_row_are_all_probes(counts: list[int], seed: int) -> None:
    drawn = [(probe(f"p{number}"), sets(a=count)) for number, count in enumerate(counts)]
    requests = [one.name for one, _ in mix(drawn, seed)]
    assert len(requests) % len(counts) == 0
    for at in range(len(requests) - len(counts) + 1):
        assert len(set(requests[at : at + len(counts)])) == len(counts)


def test_every_kind_of_parameters_is_asked_as_often_whatever_the_draws_found() -> None:
    requests = mix([(probe("p"), sets(heavy=20, miss=1))], seed=1)
    assert Counter(drawn.kind for _, drawn in requests) == {"heavy": 20, "miss": 20}
    assert len({drawn.values["number"] for _, drawn in requests if drawn.kind == "heavy"}) == 20


def test_the_seed_decides_the_order() -> None:
    drawn = [(probe("p"), sets(a=50))]
    assert mix(drawn, 1) == mix(drawn, 1)
    assert mix(drawn, 1) != mix(drawn, 2)


def test_a_probe_without_parameters_is_asked_without() -> None:
    assert mix([(probe("p"), [])], 1) == [(probe("p"), Drawn())]
    assert mix([], 1) == []


def test_a_mix_is_no_longer_than_ten_thousand_requests_and_has_each_probe_however_many_there_are() -> None:
    assert len(mix([(probe("p"), sets(a=10_010))], 1)) == 10_000
    assert len(mix([(probe("p"), sets(a=5_010)), (probe("q"), [])], 1)) == 10_000
    many = mix([(probe(f"p{number}"), sets(a=2)) for number in range(10_010)], 1)
    assert len({one.name for one, _ in many}) == len(many) == 10_010
