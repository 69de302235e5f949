"""Samples are spread over the run, and the seed decides their order."""

from __future__ import annotations

from collections import Counter

from dbops.domain.probes import Probe
from dbops.gateways.probing.rounds import rounds
from tests.probing_measure import probe


def _probes() -> list[Probe]:
    return [
        probe("often", "SELECT 1", samples=60),
        probe("seldom", "SELECT 1", samples=4),
        probe("once", "SELECT 1", samples=1),
        probe("pool", "SELECT 1", samples=20, connections=10),
    ]


def test_every_probe_has_its_samples_numbered_in_order_the_first_in_the_first_round() -> None:
    found = rounds(_probes(), 1)

    assert len(found) == 60
    assert {one.name for one, _ in found[0]} == {"often", "seldom", "once", "pool"}
    numbers: dict[str, list[int]] = {}
    for due in found:
        for one, number in due:
            numbers.setdefault(one.name, []).append(number)
    assert numbers == {one.name: list(range(one.samples)) for one in _probes()}


def test_the_samples_of_a_probe_are_spread_over_all_rounds() -> None:
    found = rounds(_probes(), 1)

    seldom = [number for number, due in enumerate(found) if any(one.name == "seldom" for one, _ in due)]
    assert seldom == [0, 15, 30, 45]
    assert all(Counter(one.name for one, _ in due).most_common(1)[0][1] == 1 for due in found)


def test_the_order_within_a_round_is_shuffled_by_the_seed_and_pools_come_last() -> None:
    probes = [probe(f"p{number}", "SELECT 1", samples=60) for number in range(8)] + _probes()

    orders = {tuple(one.name for one, _ in due if not one.is_pool) for due in rounds(probes, 1)[:4]}
    assert len(orders) == 4
    assert rounds(probes, 1) == rounds(probes, 1) != rounds(probes, 2)
    assert [due[-1][0].name for due in rounds(probes, 1)[:1]] == ["pool"]


def test_no_probes_need_no_rounds() -> None:
    assert rounds([], 1) == []
