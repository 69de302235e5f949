"""A target whose file cannot be read is still a target, and a red one."""

from __future__ import annotations

import pytest

from dbops.domain.fault import Fault
from dbops.domain.watch.faulty_target import FaultyTarget, faulty_targets
from dbops.domain.watch.light import Light


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("targets/shop.yaml", "shop"),
        ("targets/shop.yml", None),
        ("targets/Shop.yaml", None),
        ("targets", None),
        ("defaults.yaml", None),
        ("expectations/shop/orders.yaml", None),
    ],
)
def test_a_fault_belongs_to_the_target_whose_own_file_it_is(path: str, target: str | None) -> None:
    assert Fault(path, 3, "unknown key retentoin").target == target


def test_the_faults_of_one_file_are_one_target_that_is_red_and_says_each_and_what_to_do() -> None:
    first, second = (Fault("targets/shop.yaml", line, "unknown key retentoin") for line in (3, 4))
    other, shared = Fault("targets/blog.yaml", None, "it is empty"), Fault("defaults.yaml", 1, "it is no mapping")
    found = faulty_targets([first, shared, other, second])
    assert found == [
        FaultyTarget(name="blog", faults=(other,)),
        FaultyTarget(name="shop", faults=(first, second)),
    ]
    assert found[1].light is Light.RED
    assert found[1].reasons[0].startswith("targets/shop.yaml:3: unknown key retentoin")
    assert "Correct that file" in found[1].reasons[0]
