"""The header of a probe file: its leading comment lines are, without their dashes, one YAML mapping."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from dbops.domain.options.section import Section
from dbops.domain.probes.sql import draw_objection
from dbops.domain.words.quantities import Duration
from dbops.gateways.files.target_sentences import WANTED
from dbops.gateways.files.yaml_lines import Place, YamlFault, YamlMapping, read_yaml_mapping, unknown_key

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
"""What a probe may be called, and a kind of parameters."""

_COMMENT = re.compile(r"-- ?([^\n]*)")
_EXAMPLES = {
    "title": "title: a user's newest summaries",
    "model": "model: Summary",
    "budget": "budget: 100ms",
}
_WANTED = {
    "dict_type": 'must be a section: below it, indented lines such as "heavy: SELECT ..."',
    **WANTED,
}


def _one_line(value: str) -> str:
    text = " ".join(value.split())
    if not text:
        raise ValueError("it is empty; write what it stands for")
    return text


def _some_time(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise ValueError("it must be more than nothing, as in 100ms")
    return value


_Text = Annotated[str, AfterValidator(_one_line)]


class ProbeHeader(Section):
    """What a header says; the file ``docs/probes.md`` has the meaning of each key."""

    title: _Text
    model: _Text
    budget: Annotated[Duration, AfterValidator(_some_time)]
    samples: Annotated[int, Field(strict=True, ge=1, le=10000)] = 40
    writes: Annotated[bool, Field(strict=True)] = False
    connections: Annotated[int, Field(strict=True, ge=1, le=500)] = 1
    draw: dict[str, str] = Field(default_factory=dict)
    target: Any = None

    @field_validator("draw", mode="before")
    @classmethod
    def _draws_something(cls, value: object) -> object:
        if value == {}:
            raise ValueError("it is empty; write lines such as heavy: SELECT ..., or remove it")
        return value


class HeaderFaults(Exception):
    """A header that is no probe's: ``faults`` are lines and sentences."""

    def __init__(self, faults: list[tuple[int | None, str]]) -> None:
        super().__init__(*faults)
        self.faults = faults


def split_header(text: str) -> tuple[str, str, int]:
    """The YAML of a file, empty where there is no header, the SQL below it, and the line in which that begins.

    Each line of the YAML is the line of the file.
    """
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    end = first
    while end < len(lines) and lines[end].startswith("--"):
        end += 1
    header = [""] * first + [_COMMENT.sub(r"\1", line, count=1).rstrip("\r") for line in lines[first:end]]
    return "\n".join(header) if end > first else "", "\n".join(lines[end:]), end + 1


def read_header(yaml: str, target: str) -> tuple[ProbeHeader, YamlMapping]:
    """Read the header of one of the target's probes, and the line of each key; raises HeaderFaults."""
    if not yaml.strip():
        keys = ", ".join(f"-- {example}" for example in _EXAMPLES.values())
        raise HeaderFaults([(1, f"it has no header; let it begin with the lines {keys}")])
    try:
        mapping = read_yaml_mapping(yaml.encode(), f"-- {_EXAMPLES['title']}")
    except YamlFault as fault:
        raise HeaderFaults([(fault.line, fault.sentence)]) from None
    faults: list[tuple[int | None, str]] = [
        (_line(mapping, place), sentence) for place, sentence in _target_faults(mapping, target)
    ]
    try:
        header = ProbeHeader(**{key: value for key, value in mapping.value.items() if key != "targets"})
    except ValidationError as invalid:
        errors = invalid.errors()
        faults += [(_line(mapping, error["loc"]), _sentence(error)) for error in errors]
        raise HeaderFaults(faults) from None
    faults += [(_line(mapping, place), sentence) for place, sentence in _draw_faults(header.draw)]
    if faults:
        raise HeaderFaults(faults)
    return header, mapping


def _target_faults(mapping: YamlMapping, target: str) -> Iterator[tuple[Place, str]]:
    for key in ("target", "targets"):
        if key in mapping.value and (key == "targets" or mapping.value[key] != target):
            yield (key,), f"a probe belongs to one target, that of its folder, {target}; remove this line"


def _draw_faults(draws: dict[str, str]) -> Iterator[tuple[Place, str]]:
    for kind, query in draws.items():
        if not NAME.fullmatch(kind):
            yield ("draw", kind), f'draw: "{kind}" must be lower case letters, digits and _, as in heavy'
        if why := draw_objection(query):
            yield ("draw", kind), f"draw.{kind}: {why}"


def _sentence(error: ErrorDetails) -> str:
    """One sentence on one error; it repeats a value only where the rule that refused it does."""
    kind, context = error["type"], error.get("ctx", {})
    name = ".".join(str(part) for part in error["loc"])
    if kind == "extra_forbidden":
        return unknown_key(name, list(ProbeHeader.model_fields), "of a probe")
    if kind == "missing":
        return f"{name} is missing from its header; write a line such as -- {_EXAMPLES[name]}"
    if kind == "value_error":
        return f"{name}: {context['error']}"
    if error["input"] is None:
        return f"{name} is empty; give it a value or remove the line"
    wanted = _WANTED.get(kind)
    return f"{name} {wanted.format(**context)}" if wanted else f"{name}: {error['msg']}"


def _line(mapping: YamlMapping, place: Place) -> int:
    """The line of a key, else of the nearest above it, else of the header."""
    return mapping.line_of(place) or min(mapping.lines.values(), default=1)
