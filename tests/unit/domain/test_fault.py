"""Promise: a file that cannot be read is told with its place, and nothing that its name holds steers who reads it."""

from __future__ import annotations

import pytest

from dbops.domain.fault import Fault


def test_a_fault_says_file_line_and_sentence_and_no_line_where_none_is_known() -> None:
    assert str(Fault("targets/shop.yaml", 3, "unknown key")) == "targets/shop.yaml:3: unknown key"
    assert str(Fault("targets/shop.yaml", None, "unknown key")) == "targets/shop.yaml: unknown key"


def test_a_name_and_a_sentence_that_would_steer_a_terminal_are_shown_and_not_obeyed() -> None:
    fault = Fault("targets/\x1b[2J.yaml", 1, "a\nb\u202e")
    assert fault.path == "targets/\\x1b[2J.yaml"
    assert fault.sentence == "a\\nb\\u202e"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("targets/shop_2.yaml", "shop_2"),
        (f"targets/{'a' * 63}.yaml", "a" * 63),
        (f"targets/{'a' * 64}.yaml", None),
        ("targets/Shop.yaml", None),
        ("targets/2shop.yaml", None),
        ("targets/.yaml", None),
        ("targets/shop.yml", None),
        ("targets/shop.yaml.yaml", None),
        ("targets/sub/shop.yaml", None),
        ("defaults.yaml", None),
        ("a/targets/shop.yaml", None),
    ],
)
def test_only_a_targets_own_file_is_a_targets(path: str, target: str | None) -> None:
    assert Fault(path, 1, "x").target == target
