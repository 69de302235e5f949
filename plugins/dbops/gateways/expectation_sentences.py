"""What is wrong with an expectation's type and kwargs, in words for the person who wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dbops.domain.own_expectations import OWN
from dbops.domain.suggestion import did_you_mean
from dbops.gateways.target_sentences import WANTED
from dbops.gateways.validator import import_great_expectations
from dbops.gateways.yaml_lines import Place


def refusals(kind: str, kwargs: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Each thing that is wrong, with its place in the expectation."""
    if "\\u0000" in json.dumps(kwargs, default=str):
        yield ("kwargs",), "its kwargs contain a NUL character, which PostgreSQL has no place for; remove it"
        return
    if kind in OWN:
        yield from _own_refusals(OWN[kind], kwargs)
        return
    import_great_expectations()
    from dbops.gateways.validator import stock

    if not stock.is_known(kind):
        near = did_you_mean(kind, [*OWN, *stock.types()])
        yield ("type",), f'there is no expectation "{kind}". {near}'.strip()
        return
    yield from stock.refusals(kind, kwargs)


def unknown_kwarg(name: str, known: list[str]) -> str:
    """The sentence on a kwarg that an expectation does not have."""
    return f'"{name}" is not among its kwargs. {did_you_mean(name, known) or "They are " + ", ".join(known)}'


def _own_refusals(model: type[BaseModel], kwargs: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
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
