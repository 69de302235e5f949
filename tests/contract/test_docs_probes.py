"""docs/probes.md and the code that reads, measures and keeps probes say the same."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.options.schedules import Schedules
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.run import ProbeResult, ProbeRun
from dbops.domain.query_plan.advice import IndexProposal
from dbops.gateways.files.probe_files import read_probes
from dbops.gateways.files.probe_header import ProbeHeader

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/probes.md").read_text()


def section(title: str) -> str:
    """The part of the page under a heading, up to the next one."""
    found = re.search(rf"^##+ {re.escape(title)}$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def test_the_example_can_be_read(tmp_path: Path) -> None:
    example = re.search(r"^```sql\n(.*?)^```$", section("A probe is a file"), re.MULTILINE | re.DOTALL)
    assert example
    folder = tmp_path / "sql/shop/probes"
    folder.mkdir(parents=True)
    (folder / "order_list_newest.sql").write_text(example[1])
    (probe,) = read_probes(tmp_path, "shop")
    assert (probe.name, probe.model, probe.budget_ms, probe.samples) == ("order_list_newest", "Order", 50.0, 60)
    assert [draw.kind for draw in probe.draws] == ["heavy", "miss"]


def test_every_key_of_a_header_stands_there_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section("A probe is a file"), re.MULTILINE)
    assert {key for key, _ in rows} == {*ProbeHeader.model_fields, "target"}
    for key, default in rows:
        field = ProbeHeader.model_fields.get(key)
        if field is not None and default.startswith("`"):
            assert yaml.safe_load(default.strip("`")) == field.default
        elif field is not None:
            assert field.is_required() == (default == "must be given")


def test_every_setting_stands_there_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", section("Settings"), re.MULTILINE)
    assert [key for key, _ in rows] == list(ProbeOptions.model_fields)
    assert ProbeOptions.model_validate({key: yaml.safe_load(value) for key, value in rows}) == ProbeOptions()
    assert f"`schedule.probe` is `{Schedules().probe}`" in section("Settings")


@pytest.mark.parametrize("record", [ProbeRun, ProbeResult, Latency, IndexProposal])
def test_every_field_that_is_kept_is_named(record: type) -> None:
    kept = section("probes/&lt;time&gt;.json")
    assert [field.name for field in fields(record) if f"`{field.name}`" not in kept] == []
