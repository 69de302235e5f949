"""docs/add-a-database.md and the models that read a target's file say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from dbops.domain.target import Section, Target
from dbops.gateways.target_files import read_targets

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/add-a-database.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ROWS = dict(re.findall(r"^\| `([\w.]+)` \|(?: `(.*?)`)? \|", PAGE, re.MULTILINE))
DEFAULTS = {key: default for key, default in ROWS.items() if default}


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def with_setting(key: str, value: object) -> Target:
    content: dict[str, Any] = {"name": "shop", "connection": "shop", "storage": {"bucket": "vault"}}
    content["alerts"] = {"recipients": ["dba@example.com"]}
    section = content
    *parents, last = key.split(".")
    for parent in parents:
        section = section.setdefault(parent, {})
    section[last] = value
    return Target.model_validate({"environment": "development"} | content)


def setting(target: Target, key: str) -> object:
    found: object = target
    for part in key.split("."):
        found = getattr(found, part)
    return found


def test_every_key_is_on_the_page_and_no_other() -> None:
    assert ROWS.keys() == {key for key in keys(Target) if key not in {"name", "retention"}}


@pytest.mark.parametrize("key", DEFAULTS)
def test_the_default_on_the_page_is_the_one_in_force(key: str) -> None:
    model: type[BaseModel] = Target
    *parents, last = key.split(".")
    for parent in parents:
        annotation = model.model_fields[parent].annotation
        assert isinstance(annotation, type)
        model = annotation
    default = model.model_fields[last].get_default()
    assert setting(with_setting(key, yaml.safe_load(DEFAULTS[key])), key) == default


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_target_that_can_be_used(example: str, tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "defaults.yaml").write_bytes((ROOT / "include/defaults.yaml").read_bytes())
    (tmp_path / "targets/shop.yaml").write_text(example)
    read = read_targets(tmp_path)
    assert not read.faults
    assert set(read.targets) == {"shop"}


def test_the_readme_s_example_is_a_target_that_can_be_used(tmp_path: Path) -> None:
    example = re.search(r"<<'YAML'\n(.*?)^YAML$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert example
    test_every_example_is_a_target_that_can_be_used(example[1], tmp_path)
