"""What the pages say about a target's file is what the models that read it say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from dbops.domain.target import Target
from dbops.gateways.files.target_files import read_targets
from tests.own_defaults import RECIPIENT

ROOT = Path(__file__).parents[2]


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def shown() -> set[str]:
    """The keys of defaults.yaml, those in comments too, as dotted paths."""
    text = (ROOT / "include/defaults.yaml").read_text()
    found, path = set(), list[str]()
    for indent, key, rest in re.findall(r"^( *(?:# )? *)([a-z0-9_]+):(.*)$", text, re.MULTILINE):
        depth = len(indent.replace("# ", "", 1)) // 2
        path[depth:] = [key]
        if rest.split("#")[0].strip():
            found.add(".".join(path))
    return found


def test_the_defaults_show_every_key_that_can_be_inherited() -> None:
    own = {"name", "connection", "description"}
    assert shown() == {key for key in keys(Target) if key not in own}


def test_the_example_of_the_readme_is_a_target_that_can_be_used_with_an_address_of_ones_own(tmp_path: Path) -> None:
    example = re.search(r"<<'YAML'\n(.*?)^YAML$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert example
    (tmp_path / "targets").mkdir()
    (tmp_path / "defaults.yaml").write_bytes((ROOT / "include/defaults.yaml").read_bytes())
    (tmp_path / "targets/shop.yaml").write_text(example[1])
    (fault,) = read_targets(tmp_path).faults
    assert "no mail ever arrives at dba@example.com" in fault.sentence
    (tmp_path / "targets/shop.yaml").write_text(example[1].replace("dba@example.com", RECIPIENT))
    read = read_targets(tmp_path)
    assert not read.faults
    assert set(read.targets) == {"shop"}
