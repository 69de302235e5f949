"""What is wrong with the kwargs of an expectation of our own, in words for the person who wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dbops.domain.words.suggestion import did_you_mean
from dbops.gateways.files.target_sentences import WANTED
from dbops.gateways.files.yaml_lines import Place


def unknown_kwarg(name: str, known: list[str]) -> str:
    """The sentence on a kwarg that an expectation does not have."""
    return f'"{name}" is not among its kwargs. {did_you_mean(name, known) or "They are " + ", ".join(known)}'


def own_refusals(model: type[BaseModel], kwargs: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Each thing that is wrong with the kwargs of an expectation of our own, with its place in it."""
    try:
        model.model_validate(dict(kwargs))
    except ValidationError as invalid:
        known = [info.alias or name for name, info in model.model_fields.items()]
        for error in invalid.errors():
            yield ("kwargs", *error["loc"]), _sentence(error, known)


def _sentence(error: ErrorDetails, known: list[str]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    name = ".".join(str(part) for part in error["loc"])
    if kind == "extra_forbidden":
        return unknown_kwarg(name, known)
    if kind == "missing":
        return f"{name} is missing from its kwargs"
    if kind == "value_error":
        return f"{name}: {context['error']}" if name else str(context["error"])
    if kind == "literal_error":
        return f"{name} must be {context['expected']}"
    if kind == "too_short":
        return f"{name} is empty; name at least one"
    wanted = WANTED.get(kind)
    return f"{name} {wanted.format(**context)}" if wanted else f"{name}: {error['msg']}"
