"""What is wrong with an expectation's type and kwargs, in words for the person who wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dbops.domain.checks.own_expectations import OWN
from dbops.domain.words.suggestion import did_you_mean
from dbops.gateways.files.yaml_lines import Place
from dbops.gateways.validator import import_great_expectations
from dbops.gateways.validator.own_refusals import own_refusals


def refusals(kind: str, kwargs: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Each thing that is wrong, with its place in the expectation."""
    if "\\u0000" in json.dumps(kwargs, default=str):
        yield ("kwargs",), "its kwargs contain a NUL character, which PostgreSQL cannot store; remove it"
        return
    if kind in OWN:
        yield from own_refusals(OWN[kind], kwargs)
        return
    import_great_expectations()
    from dbops.gateways.validator import stock

    if not stock.is_known(kind):
        near = did_you_mean(kind, [*OWN, *stock.types()])
        yield ("type",), f'there is no expectation "{kind}". {near}'.strip()
        return
    yield from stock.refusals(kind, kwargs)
